package entra

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	"github.com/landfall-directory/landfall/planner"
)

// Config says which tenant to connect to, and as whom. Credentials are never in
// it: they come from the environment (credential in auth.go says from where).
type Config struct {
	Address  string // of the provider, for messages: "provider.entra.contoso"
	TenantID string // GUID; a token of another tenant is refused
	Cloud    string // public (default), usgov, china
	Auth     string // default, client_secret, certificate, workload_identity, managed_identity, github_oidc, azure_pipelines, cli
	ClientID string // application id; default AZURE_CLIENT_ID

	// Endpoint is another Graph endpoint than the cloud's, "https://host:port",
	// on loopback only: a sandbox or an emulator. CA are the certificates in PEM
	// that it is trusted by, Token the access token it takes; with a token there
	// is no sign-in.
	Endpoint string
	CA       []byte
	Token    string

	Schema      *planner.Schema
	Parallelism int // requests in flight, default 8
	Progress    planner.Progress
	// Deadline is the longest time that one request may take with all its
	// retries and waits, default 10 minutes.
	Deadline time.Duration
}

// DefaultWrites is how many writes may be under way at once, where nobody says
// otherwise. Graph throttles an application in a tenant as a whole, so more would
// wait together.
const DefaultWrites = 4

// Directory is a connected tenant. Its methods may not be called concurrently,
// except Write.
type Directory struct {
	address  string
	schema   *planner.Schema
	parallel int
	progress planner.Progress

	tokens    *tokens
	v1, beta  abs.RequestAdapter
	transport *http.Transport
	retry     *retrier
}

var (
	_ planner.Reader = (*Directory)(nil)
	_ planner.Writer = (*Directory)(nil)
)

// Open connects to a tenant. It gets a token and refuses one of another tenant;
// it sends nothing to Graph.
func Open(ctx context.Context, cfg Config) (*Directory, error) {
	if !isGUID(cfg.TenantID) {
		return nil, fmt.Errorf("%s: tenant_id %q is not a GUID: tokens name their tenant by its id, so that landfall could not tell this tenant from another; the id is on the overview page of the Entra admin center", cfg.Address, cfg.TenantID)
	}
	national, err := nationalCloud(cfg.Cloud)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Address, err)
	}
	endpoint, err := endpointURL(cfg, national)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Address, err)
	}
	var cred azcore.TokenCredential = staticToken(cfg.Token)
	if cfg.Token == "" {
		if cred, err = credential(cfg, national, azcore.ClientOptions{}); err != nil {
			return nil, fmt.Errorf("%s: %w", cfg.Address, err)
		}
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Address, err)
	}
	d := &Directory{
		address: cfg.Address, schema: cfg.Schema,
		parallel: cfg.Parallelism, progress: cfg.Progress, transport: transport,
		tokens: &tokens{
			credential: cred, auth: cfg.Auth, tenant: cfg.TenantID,
			host: endpoint.Host, scope: "https://" + national.graph + "/.default",
		},
	}
	if d.parallel <= 0 {
		d.parallel = 8
	}
	if d.progress == nil {
		d.progress = func(string, int, int, time.Duration) {}
	}
	if err := d.connect(endpoint, cfg.Deadline); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Address, err)
	}
	if _, err := d.tokens.get(ctx, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Address, err)
	}
	return d, nil
}

// Close drops the idle connections.
func (d *Directory) Close() { d.transport.CloseIdleConnections() }

// connect makes the two adapters over one HTTP client.
func (d *Directory) connect(endpoint *url.URL, deadline time.Duration) error {
	if deadline <= 0 {
		deadline = 10 * time.Minute
	}
	d.retry = &retrier{base: d.transport, deadline: deadline, progress: d.progress}
	options := core.GraphClientOptions{GraphServiceLibraryVersion: "1.89.0"}
	client := &http.Client{
		Transport: khttp.NewCustomTransportWithParentTransport(d.retry,
			core.NewGraphTelemetryHandler(&options),
			khttp.NewParametersNameDecodingHandler(),
			khttp.NewHeadersInspectionHandler()),
		// Graph does not redirect what is asked here; whoever does is not Graph.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var err error
	if d.v1, err = newAdapter(d.tokens, options, client, endpoint.JoinPath("v1.0")); err != nil {
		return err
	}
	d.beta, err = newAdapter(d.tokens, options, client, endpoint.JoinPath("beta"))
	return err
}

// newAdapter makes an adapter with serializers of its own, so that nothing is
// registered in the SDK's global tables.
func newAdapter(auth *tokens, options core.GraphClientOptions, client *http.Client, base *url.URL) (abs.RequestAdapter, error) {
	parsers := serialization.NewParseNodeFactoryRegistry()
	parsers.ContentTypeAssociatedFactories["application/json"] = kjson.NewJsonParseNodeFactory()
	writers := serialization.NewSerializationWriterFactoryRegistry()
	writers.ContentTypeAssociatedFactories["application/json"] = kjson.NewJsonSerializationWriterFactory()
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(auth, options, parsers, writers, client)
	if err != nil {
		return nil, err
	}
	adapter.SetBaseUrl(base.String())
	return adapter, nil
}

// api is the adapter that knows everything in v.
func (d *Directory) api(v view) abs.RequestAdapter {
	if v.beta {
		return d.beta
	}
	return d.v1
}

// national is one of Microsoft's clouds.
type national struct {
	authority cloud.Configuration
	graph     string // host of Microsoft Graph
	exchange  string // audience of tokens that are exchanged for Entra's
}

func nationalCloud(name string) (national, error) {
	switch name {
	case "", "public":
		return national{cloud.AzurePublic, "graph.microsoft.com", "api://AzureADTokenExchange"}, nil
	case "usgov":
		return national{cloud.AzureGovernment, "graph.microsoft.us", "api://AzureADTokenExchangeUSGov"}, nil
	case "china":
		return national{cloud.AzureChina, "microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina"}, nil
	}
	return national{}, fmt.Errorf("unknown cloud %q: it must be public, usgov or china", name)
}

// endpointURL is the Graph endpoint. One that is not the cloud's own must be on
// loopback, so that no token for Graph goes to another machine.
func endpointURL(cfg Config, n national) (*url.URL, error) {
	if cfg.Endpoint == "" {
		if cfg.Token != "" {
			return nil, errors.New("a fixed token is for an endpoint on loopback only")
		}
		return &url.URL{Scheme: "https", Host: n.graph}, nil
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" || (!strings.EqualFold(u.Hostname(), "localhost") && (ip == nil || !ip.IsLoopback())) {
		return nil, fmt.Errorf("endpoint %q: it must be an https address on loopback, such as https://127.0.0.1:8443", cfg.Endpoint)
	}
	return &url.URL{Scheme: "https", Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")}, nil
}

func newTransport(cfg Config) (*http.Transport, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(cfg.CA) > 0 {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(cfg.CA) {
			return nil, errors.New("the CA file holds no certificate in PEM form")
		}
		tlsConfig.RootCAs = pool
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   max(cfg.Parallelism, 8),
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   20 * time.Second,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       tlsConfig,
	}, nil
}

// isGUID reports whether s is written as a GUID with dashes. Ids stand in
// request paths, so nothing else may get there.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return true
}
