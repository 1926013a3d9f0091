package entra

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abs "github.com/microsoft/kiota-abstractions-go"
)

// credential is the one that the configuration names, or azidentity's chain. Its
// secrets come from the environment, under azidentity's own names.
func credential(cfg Config, n national, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	options.Cloud = n.authority
	switch cfg.Auth {
	case "", "default":
		if cfg.ClientID != "" && cfg.ClientID != os.Getenv("AZURE_CLIENT_ID") {
			return nil, errors.New(`client_id has no effect with auth = "default": set AZURE_CLIENT_ID, or name the credential in auth`)
		}
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: cfg.TenantID})
	case "cli":
		if cfg.ClientID != "" {
			return nil, errors.New(`client_id has no effect with auth = "cli": the Azure CLI signs in as an application of its own`)
		}
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: cfg.TenantID})
	case "managed_identity":
		o := azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if id := cmp.Or(cfg.ClientID, os.Getenv("AZURE_CLIENT_ID")); id != "" {
			o.ID = azidentity.ClientID(id)
		}
		return azidentity.NewManagedIdentityCredential(&o)
	}

	if cfg.Auth == "azure_pipelines" { // its tasks use a name of their own
		cfg.ClientID = cmp.Or(cfg.ClientID, os.Getenv("AZURE_CLIENT_ID"), os.Getenv("AZURESUBSCRIPTION_CLIENT_ID"))
	}
	clientID, err := need(cfg.Auth, "AZURE_CLIENT_ID", cfg.ClientID)
	if err != nil {
		return nil, err
	}
	switch cfg.Auth {
	case "client_secret":
		secret, err := need(cfg.Auth, "AZURE_CLIENT_SECRET", "")
		if err != nil {
			return nil, err
		}
		return azidentity.NewClientSecretCredential(cfg.TenantID, clientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	case "certificate":
		return certificate(cfg, clientID, options)
	case "workload_identity":
		file, err := need(cfg.Auth, "AZURE_FEDERATED_TOKEN_FILE", "")
		if err != nil {
			return nil, err
		}
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: clientID, TenantID: cfg.TenantID, TokenFilePath: file})
	case "github_oidc":
		assertion, err := githubAssertion(n.exchange)
		if err != nil {
			return nil, err
		}
		return azidentity.NewClientAssertionCredential(cfg.TenantID, clientID, assertion, &azidentity.ClientAssertionCredentialOptions{ClientOptions: options})
	case "azure_pipelines":
		connection, err := need(cfg.Auth, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "")
		if err != nil {
			return nil, err
		}
		token, err := need(cfg.Auth, "SYSTEM_ACCESSTOKEN", "")
		if err != nil {
			return nil, err
		}
		return azidentity.NewAzurePipelinesCredential(cfg.TenantID, clientID, connection, token, &azidentity.AzurePipelinesCredentialOptions{ClientOptions: options})
	}
	return nil, fmt.Errorf("unknown auth %q: it must be default, client_secret, certificate, workload_identity, managed_identity, github_oidc, azure_pipelines or cli", cfg.Auth)
}

func certificate(cfg Config, clientID string, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	path, err := need(cfg.Auth, "AZURE_CLIENT_CERTIFICATE_PATH", "")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("AZURE_CLIENT_CERTIFICATE_PATH: %w", err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(os.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")))
	if err != nil {
		return nil, fmt.Errorf("AZURE_CLIENT_CERTIFICATE_PATH: %s holds no certificate with its private key in PEM or PKCS#12 form: %w", path, err)
	}
	return azidentity.NewClientCertificateCredential(cfg.TenantID, clientID, certs, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: options})
}

// need returns value, else what the environment variable holds, else an error.
func need(auth, variable, value string) (string, error) {
	if v := cmp.Or(value, os.Getenv(variable)); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("auth = %q needs the environment variable %s, which is not set", auth, variable)
}

// githubAssertion asks the GitHub Actions runner for a token of this job, which
// Entra takes instead of a secret.
func githubAssertion(audience string) (func(context.Context) (string, error), error) {
	address, err := url.Parse(os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"))
	bearer := os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if err != nil || address.Host == "" || bearer == "" {
		return nil, errors.New(`auth = "github_oidc" needs ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN, which GitHub sets when the job has "permissions: id-token: write"`)
	}
	query := address.Query()
	query.Set("audience", audience)
	address.RawQuery = query.Encode()
	client := &http.Client{Timeout: 30 * time.Second}
	return func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		resp, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("the token service of GitHub: %w", err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			return "", fmt.Errorf("the token service of GitHub: %w", err)
		}
		var answer struct{ Value string }
		if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &answer) != nil || answer.Value == "" {
			return "", fmt.Errorf("the token service of GitHub answered %s without a token", resp.Status)
		}
		return answer.Value, nil
	}, nil
}

// staticToken is a credential that is already a token.
type staticToken string

func (s staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(s), ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

// tokens authenticates requests. It keeps the token until shortly before its
// end, because some credentials start a process for each one, and checks the
// tenant of every new one.
type tokens struct {
	credential azcore.TokenCredential
	auth       string
	tenant     string
	host       string // the only one that gets a token, with its port
	scope      string

	mu      sync.Mutex
	current azcore.AccessToken
	who     identity
}

// AuthenticateRequest puts the token on a request. It refuses another host
// instead of sending a request without a token there.
func (t *tokens) AuthenticateRequest(ctx context.Context, request *abs.RequestInformation, additional map[string]any) error {
	address, err := request.GetUri()
	if err != nil {
		return notSent{err}
	}
	if address.Scheme != "https" || !strings.EqualFold(address.Host, t.host) {
		return notSent{fmt.Errorf("refused to send a token to %s://%s: it belongs to https://%s only", address.Scheme, address.Host, t.host)}
	}
	var claims string
	if raw, ok := additional["claims"].(string); ok {
		decoded, err := base64.StdEncoding.DecodeString(raw)
		if err != nil {
			return notSent{fmt.Errorf("the claims of another sign-in that Microsoft Graph asks for are not base64: %w", err)}
		}
		claims = string(decoded)
	}
	token, err := t.get(ctx, claims)
	if err != nil {
		return notSent{err}
	}
	request.Headers.Remove("Authorization")
	request.Headers.Add("Authorization", "Bearer "+token)
	return nil
}

// get returns a token that is valid for at least five more minutes, or the
// freshest there is. claims are what Graph asks of a new one.
func (t *tokens) get(ctx context.Context, claims string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if claims == "" && time.Until(t.current.ExpiresOn) > 5*time.Minute {
		return t.current.Token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	token, err := t.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{t.scope}, Claims: claims, EnableCAE: true})
	if err != nil {
		return "", fmt.Errorf("cannot sign in to tenant %s: %w\n%s", t.tenant, err, signInHint(t.auth))
	}
	if token.Token == "" {
		return "", fmt.Errorf("cannot sign in to tenant %s: the token is empty", t.tenant)
	}
	who, err := parseIdentity(token.Token)
	if err != nil {
		return "", fmt.Errorf("cannot tell which tenant the access token is of: %w; landfall writes nothing with such a token", err)
	}
	if !strings.EqualFold(who.tenant, t.tenant) {
		return "", fmt.Errorf("the access token is of tenant %s, but tenant_id is %s: correct tenant_id, or sign in to the other tenant (with another tenant, every group would look deleted)", plain(who.tenant), t.tenant)
	}
	t.current, t.who = token, who
	return token.Token, nil
}

func signInHint(auth string) string {
	switch auth {
	case "client_secret", "certificate":
		return "Check that AZURE_CLIENT_ID is an application of this tenant, and that its secret or certificate is the right one and has not expired."
	case "cli":
		return "Run az login with this tenant first."
	case "github_oidc", "azure_pipelines", "workload_identity":
		return "Check that the application has a federated credential whose issuer, subject and audience are those of this job."
	case "managed_identity":
		return "Check that the machine has a managed identity, and AZURE_CLIENT_ID if it has several."
	}
	return `Name the credential in the provider's auth argument, or set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.`
}

func (t *tokens) identity() identity {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.who
}

// identity is what a token says of its bearer.
type identity struct {
	tenant      string
	application string   // id
	name        string   // of the application
	user        string   // principal name, of tokens on behalf of one
	permissions []string // roles and scopes
	roles       []string // of the application itself
	scopes      []string // on behalf of a user
	expires     time.Time
}

// may tells whether the token carries a permission. A token that lists none
// cannot tell.
func (i identity) may(permission string) bool { return slices.Contains(i.permissions, permission) }

func (i identity) listsPermissions() bool { return len(i.permissions) > 0 }

// parseIdentity reads the claims of a token without checking its signature: that
// is Graph's part, and the token came from Entra itself.
func parseIdentity(token string) (identity, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return identity{}, errors.New("it is not a JSON web token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return identity{}, errors.New("its claims are not base64")
	}
	var claims struct {
		Tenant string   `json:"tid"`
		AppID  string   `json:"appid"`
		AZP    string   `json:"azp"`
		Roles  []string `json:"roles"`
		Scopes string   `json:"scp"`
		Name   string   `json:"app_displayname"`
		UPN    string   `json:"upn"`
		Until  float64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return identity{}, errors.New("its claims are not JSON of the usual form")
	}
	if claims.Tenant == "" {
		return identity{}, errors.New("it has no tid claim")
	}
	who := identity{
		tenant: claims.Tenant, application: cmp.Or(claims.AppID, claims.AZP), name: claims.Name, user: claims.UPN,
		roles: claims.Roles, scopes: strings.Fields(claims.Scopes), permissions: slices.Concat(claims.Roles, strings.Fields(claims.Scopes)),
	}
	if claims.Until > 0 && claims.Until < 1<<40 {
		who.expires = time.Unix(int64(claims.Until), 0)
	}
	return who, nil
}
