// Package azblob keeps locks, journals and snapshots in a container of Azure Blob
// Storage.
//
// A log is an append blob: Azure itself appends a block only at the position that
// the request names, and answers 412 anywhere else. A file is a block blob. The
// lock is a lease of Azure on the small block blob apply.lock, whose content says
// who took it last, with which token, and whether it was given back.
//
// Blobs are named below Config.Prefix like the logs and files themselves.
package azblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/landfall-directory/landfall/planner/backend"
)

// Config says which container, and what the environment holds to sign in with.
type Config struct {
	// Account is the name of the storage account. Endpoint is the URL of its blob
	// service where that is not https://ACCOUNT.blob.core.windows.net: in a national
	// cloud, behind a name of one's own, or the emulator, which alone may have an
	// http address. One of them is needed, unless Environment names the account.
	Account  string
	Endpoint string

	Container string // must exist
	Prefix    string // of every blob, without the slash after it; may be empty

	Environment Environment
}

// Environment is what the variables of the Azure CLI hold. A connection string
// goes before a key, and a key before a SAS token; with none of them azidentity
// signs in.
type Environment struct {
	ConnectionString string // AZURE_STORAGE_CONNECTION_STRING
	Account          string // AZURE_STORAGE_ACCOUNT
	Key              string // AZURE_STORAGE_KEY
	SAS              string // AZURE_STORAGE_SAS_TOKEN
}

// Storage is a container, or the part of it below a prefix.
type Storage struct {
	container *container.Client
	prefix    string // "" or with a slash at its end
	at        string // URL of the container, without credentials
	auth      string // how we signed in: one of the constants below
}

var _ backend.Storage = (*Storage)(nil)

const (
	byKey   = "key"
	bySAS   = "SAS token"
	byToken = "token"
)

// Open checks the configuration and that the container can be listed, so that a
// missing container or role is known before anything else is done.
func Open(ctx context.Context, cfg Config) (*Storage, error) {
	s, err := connect(cfg)
	if err != nil {
		return nil, fmt.Errorf("azblob: %w", err)
	}
	one := int32(1)
	pager := s.container.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: &one, Prefix: &s.prefix})
	if _, err := pager.NextPage(quick(ctx)); err != nil {
		return nil, s.fail("open it", "", err)
	}
	return s, nil
}

var (
	accountName   = regexp.MustCompile(`^[a-z0-9]{3,24}$`)
	containerName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`)
)

func connect(cfg Config) (*Storage, error) {
	if !containerName.MatchString(cfg.Container) || len(cfg.Container) < 3 || len(cfg.Container) > 63 {
		return nil, fmt.Errorf("%q is no name of a container: it has 3 to 63 lower-case letters, digits and single hyphens", cfg.Container)
	}
	if cfg.Prefix != "" && !backend.ValidName(cfg.Prefix) {
		return nil, fmt.Errorf("%q is no prefix: it has letters, digits, '.', '-' and '_' between single slashes, and no slash at an end", cfg.Prefix)
	}
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{Telemetry: policy.TelemetryOptions{ApplicationID: "landfall"}}}
	s := &Storage{prefix: cfg.Prefix}
	if s.prefix != "" {
		s.prefix += "/"
	}
	client, auth, err := signIn(cfg, options)
	if err != nil {
		return nil, err
	}
	s.container, s.auth = client, auth
	address, err := url.Parse(client.URL())
	if err != nil {
		return nil, errors.New("the endpoint is no URL")
	}
	if err := checkEndpoint(address); err != nil {
		return nil, err
	}
	address.RawQuery = ""
	s.at = address.String()
	return s, nil
}

// signIn makes the client of the container from the first of a connection
// string, a key, a SAS token and azidentity's default credential.
func signIn(cfg Config, options *container.ClientOptions) (*container.Client, string, error) {
	env := cfg.Environment
	if env.ConnectionString != "" {
		client, err := container.NewClientFromConnectionString(env.ConnectionString, cfg.Container, options)
		if err != nil {
			return nil, "", fmt.Errorf("AZURE_STORAGE_CONNECTION_STRING: %w", err)
		}
		address, err := url.Parse(client.URL())
		if err != nil {
			return nil, "", errors.New("AZURE_STORAGE_CONNECTION_STRING: its endpoint is no URL")
		}
		if err := sameAccount(cfg, address); err != nil {
			return nil, "", err
		}
		if address.RawQuery != "" {
			return client, bySAS, nil
		}
		return client, byKey, nil
	}

	account := cmp.Or(cfg.Account, env.Account)
	if account != "" && !accountName.MatchString(account) {
		return nil, "", fmt.Errorf("%q is no name of a storage account: it has 3 to 24 lower-case letters and digits", account)
	}
	if account == "" && cfg.Endpoint == "" {
		return nil, "", errors.New("no storage account is named: set account or endpoint in the backend block, or AZURE_STORAGE_ACCOUNT")
	}
	if cfg.Account != "" && env.Account != "" && env.Account != cfg.Account && env.Key+env.SAS != "" {
		return nil, "", fmt.Errorf("the key or SAS token in the environment is of the account that AZURE_STORAGE_ACCOUNT names, %q, and the backend block names %q: set all of them for one account, or unset them", env.Account, cfg.Account)
	}
	endpoint, err := url.Parse(cmp.Or(cfg.Endpoint, "https://"+account+".blob.core.windows.net"))
	if err != nil || endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return nil, "", errors.New("endpoint must be the URL of a blob service, such as https://ACCOUNT.blob.core.windows.net, and holds no credentials: they come from the environment")
	}
	if err := checkEndpoint(endpoint); err != nil {
		return nil, "", err
	}
	address := endpoint.JoinPath(cfg.Container)
	switch {
	case env.Key != "":
		first, _, _ := strings.Cut(endpoint.Hostname(), ".")
		key, err := blob.NewSharedKeyCredential(cmp.Or(account, first), env.Key)
		if err != nil {
			return nil, "", errors.New("AZURE_STORAGE_KEY is no key of a storage account: it is not base64")
		}
		client, err := container.NewClientWithSharedKeyCredential(address.String(), key, options)
		return client, byKey, err
	case env.SAS != "":
		address.RawQuery = strings.TrimPrefix(env.SAS, "?")
		client, err := container.NewClientWithNoCredential(address.String(), options)
		return client, bySAS, err
	}
	if !ofAzure(endpoint.Hostname()) {
		return nil, "", fmt.Errorf("a token of Entra ID is good for every storage account, and is not sent to %s, which is no address of Azure: set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN", endpoint.Host)
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options.ClientOptions})
	if err != nil {
		return nil, "", err
	}
	client, err := container.NewClient(address.String(), credential, options)
	return client, byToken, err
}

// sameAccount refuses a connection string of another account than the one that
// the configuration names: somebody's variable must not move the lock elsewhere.
func sameAccount(cfg Config, connected *url.URL) error {
	first, _, _ := strings.Cut(connected.Hostname(), ".")
	switch {
	case cfg.Endpoint != "":
		want, err := url.Parse(cfg.Endpoint)
		if err == nil && want.Scheme == connected.Scheme && want.Host == connected.Host && want.JoinPath(cfg.Container).Path == connected.Path {
			return nil
		}
		return fmt.Errorf("AZURE_STORAGE_CONNECTION_STRING is for %s, and the backend block names the endpoint %q: set it for this endpoint, or unset it", connected.Host, cfg.Endpoint)
	case cfg.Account == "" || first == cfg.Account || strings.HasPrefix(connected.Path, "/"+cfg.Account+"/"):
		return nil
	}
	return fmt.Errorf("AZURE_STORAGE_CONNECTION_STRING is for %s, and the backend block names the account %q: set it for this account, or unset it", connected.Host, cfg.Account)
}

// checkEndpoint allows plain http on this machine only, where the emulator runs.
func checkEndpoint(u *url.URL) error {
	switch {
	case u.Host == "":
		return fmt.Errorf("the endpoint %q is no URL of a blob service", u.Redacted())
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("the endpoint %s://%s must be https: only an emulator on this machine may be reached over http", u.Scheme, u.Host)
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// ofAzure tells whether Microsoft runs the blob service of this name.
func ofAzure(host string) bool {
	return slices.ContainsFunc([]string{
		".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn", ".blob.storage.azure.net",
	}, func(suffix string) bool { return strings.HasSuffix(strings.ToLower(host), suffix) })
}

// Where is the URL of the container and the prefix.
func (s *Storage) Where() string { return strings.TrimSuffix(s.at+"/"+s.prefix, "/") }

// Close does nothing.
func (s *Storage) Close() error { return nil }
