package azblob

import (
	"strings"
	"testing"
)

// aKey is no key of anybody.
const aKey = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		want string // where the storage is, or a part of the error
		auth string // "": an error
	}{
		{"an account", Config{Account: "contoso", Container: "landfall"}, "https://contoso.blob.core.windows.net/landfall", byToken},
		{"a prefix", Config{Account: "contoso", Container: "landfall", Prefix: "prod/corp"}, "https://contoso.blob.core.windows.net/landfall/prod/corp", byToken},
		{"a national cloud", Config{Endpoint: "https://contoso.blob.core.usgovcloudapi.net/", Container: "landfall"}, "https://contoso.blob.core.usgovcloudapi.net/landfall", byToken},
		{"the environment's account", Config{Container: "landfall", Environment: Environment{Account: "contoso", Key: aKey}}, "https://contoso.blob.core.windows.net/landfall", byKey},
		{"a SAS token", Config{Account: "contoso", Container: "landfall", Environment: Environment{SAS: "?sv=2026&sig=" + aKey}}, "https://contoso.blob.core.windows.net/landfall", bySAS},
		{"a connection string", Config{Container: "landfall", Environment: Environment{ConnectionString: "AccountName=contoso;AccountKey=" + aKey}}, "https://contoso.blob.core.windows.net/landfall", byKey},
		{"a connection string with a SAS token", Config{Container: "landfall", Environment: Environment{ConnectionString: "BlobEndpoint=https://contoso.blob.core.windows.net;SharedAccessSignature=sig=" + aKey}}, "https://contoso.blob.core.windows.net/landfall", bySAS},
		{"the connection string of the account", Config{Account: "contoso", Container: "landfall", Environment: Environment{ConnectionString: "AccountName=contoso;AccountKey=" + aKey}}, "https://contoso.blob.core.windows.net/landfall", byKey},
		{"the connection string of the endpoint", Config{Endpoint: "http://127.0.0.1:10000/devstoreaccount1", Container: "landfall", Environment: Environment{ConnectionString: "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;AccountName=devstoreaccount1;AccountKey=" + aKey}}, "http://127.0.0.1:10000/devstoreaccount1/landfall", byKey},
		{"the emulator", Config{Account: "devstoreaccount1", Endpoint: "http://[::1]:10000/devstoreaccount1", Container: "landfall", Environment: Environment{Key: aKey}}, "http://[::1]:10000/devstoreaccount1/landfall", byKey},
		{"one's own name", Config{Account: "contoso", Endpoint: "https://blobs.contoso.com", Container: "abc", Environment: Environment{Key: aKey}}, "https://blobs.contoso.com/abc", byKey},

		{"no account", Config{Container: "landfall"}, "no storage account is named", ""},
		{"a hostile account", Config{Account: "evil.com/", Container: "landfall"}, "no name of a storage account", ""},
		{"no container", Config{Account: "contoso"}, "no name of a container", ""},
		{"a short container", Config{Account: "contoso", Container: "ab"}, "no name of a container", ""},
		{"a hostile container", Config{Account: "contoso", Container: "a/../b"}, "no name of a container", ""},
		{"a prefix with a slash", Config{Account: "contoso", Container: "landfall", Prefix: "/prod/"}, "is no prefix", ""},
		{"a prefix above", Config{Account: "contoso", Container: "landfall", Prefix: "../x"}, "is no prefix", ""},
		{"plain http", Config{Account: "contoso", Endpoint: "http://contoso.blob.core.windows.net", Container: "landfall", Environment: Environment{Key: aKey}}, "must be https", ""},
		{"http that looks local", Config{Endpoint: "http://127.0.0.1.evil.com", Container: "landfall", Environment: Environment{Key: aKey}}, "must be https", ""},
		{"http in a connection string", Config{Container: "landfall", Environment: Environment{ConnectionString: "DefaultEndpointsProtocol=http;AccountName=contoso;AccountKey=" + aKey}}, "must be https", ""},
		{"a credential in the endpoint", Config{Endpoint: "https://contoso.blob.core.windows.net/?sig=" + aKey, Container: "landfall"}, "holds no credentials", ""},
		{"a password in the endpoint", Config{Endpoint: "https://u:" + aKey + "@contoso.blob.core.windows.net/", Container: "landfall"}, "holds no credentials", ""},
		{"no URL", Config{Endpoint: "contoso.blob.core.windows.net", Container: "landfall", Environment: Environment{Key: aKey}}, "no URL of a blob service", ""},
		{"a token for somebody else", Config{Endpoint: "https://blobs.contoso.com", Container: "landfall"}, "is not sent to blobs.contoso.com", ""},
		{"a token for a name that ends like Azure's", Config{Endpoint: "https://evilblob.core.windows.net", Container: "landfall"}, "is not sent to", ""},
		{"a broken connection string", Config{Container: "landfall", Environment: Environment{ConnectionString: aKey}}, "AZURE_STORAGE_CONNECTION_STRING", ""},
		{"a connection string without a key", Config{Container: "landfall", Environment: Environment{ConnectionString: "AccountName=contoso"}}, "AZURE_STORAGE_CONNECTION_STRING", ""},
		{"another account's connection string", Config{Account: "contoso", Container: "landfall", Environment: Environment{ConnectionString: "AccountName=fabrikam;AccountKey=" + aKey}}, `names the account "contoso"`, ""},
		{"another endpoint's connection string", Config{Endpoint: "https://contoso.blob.core.windows.net", Container: "landfall", Environment: Environment{ConnectionString: "AccountName=fabrikam;AccountKey=" + aKey}}, "names the endpoint", ""},
		{"another account's key", Config{Account: "contoso", Container: "landfall", Environment: Environment{Account: "fabrikam", Key: aKey}}, `names "contoso"`, ""},
		{"no key", Config{Account: "contoso", Container: "landfall", Environment: Environment{Key: "%%%"}}, "AZURE_STORAGE_KEY", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := connect(c.cfg)
			switch {
			case err != nil && strings.Contains(err.Error(), aKey):
				t.Errorf("the credential is in the message: %v", err)
			case c.auth == "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error with %q", err, c.want)
			case c.auth != "" && err != nil:
				t.Error(err)
			case c.auth != "" && (s.Where() != c.want || s.auth != c.auth):
				t.Errorf("got %s by %s, want %s by %s", s.Where(), s.auth, c.want, c.auth)
			}
		})
	}
}
