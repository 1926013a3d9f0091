package tenant

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// tokenLifetime is how long a token of the tenant is valid.
const tokenLifetime = 24 * time.Hour

// claims are those of an application's token that matter here.
type claims struct {
	Audience string   `json:"aud"`
	Issuer   string   `json:"iss"`
	IssuedAt int64    `json:"iat"`
	From     int64    `json:"nbf"`
	Expires  int64    `json:"exp"`
	AppName  string   `json:"app_displayname"`
	AppID    string   `json:"appid"`
	Type     string   `json:"idtyp"`
	ObjectID string   `json:"oid"`
	Roles    []string `json:"roles"`
	TenantID string   `json:"tid"`
	Version  string   `json:"ver"`
}

const tokenHeader = `{"typ":"JWT","alg":"HS256","kid":"landfall-sandbox"}`

// appID is the application that the tenant's tokens are issued for.
const appID = "00000000-5a4d-4b0c-8000-a99000000001"

// Token issues an access token of the tenant: a JWT with the tenant's id in
// claim tid, the permissions in claim roles and a lifetime of a day.
func (t *Tenant) Token() string { return t.token(time.Now()) }

func (t *Tenant) token(now time.Time) string {
	payload, err := json.Marshal(claims{
		Audience: "https://graph.microsoft.com", Issuer: "https://sts.windows.net/" + t.opts.TenantID + "/",
		IssuedAt: now.Unix(), From: now.Unix(), Expires: now.Add(tokenLifetime).Unix(),
		AppName: "landfall sandbox", AppID: appID, Type: "app", ObjectID: appID,
		Roles: t.roles(), TenantID: t.opts.TenantID, Version: "1.0",
	})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(tokenHeader)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(t.sign(signed))
}

func (t *Tenant) sign(signed string) []byte {
	h := hmac.New(sha256.New, t.key[:])
	h.Write([]byte(signed))
	return h.Sum(nil)
}

// authorize checks the bearer token of a request.
func (t *Tenant) authorize(header http.Header) *graphError {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return invalidToken("Access token is empty.")
	}
	if t.opts.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(t.opts.Token)) == 1 {
		return nil
	}
	signed, signature, ok := cutLast(token, ".")
	_, payload, parts := strings.Cut(signed, ".")
	if !ok || !parts {
		return invalidToken("IDX14100: JWT is not well formed, there are no dots (.).")
	}
	sent, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(sent, t.sign(signed)) {
		return invalidToken("Access token validation failure. Invalid signature.")
	}
	var c claims
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return invalidToken("IDX14101: Unable to decode the payload as Base64Url encoded string.")
	}
	if time.Now().Unix() >= c.Expires {
		return invalidToken("Lifetime validation failed, the token is expired.")
	}
	return nil
}

func invalidToken(message string) *graphError {
	return &graphError{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// newKey makes the key that signs the tokens of one run.
func newKey() (key [32]byte) {
	// crypto/rand never fails: it ends the program where the system cannot.
	_, _ = rand.Read(key[:])
	return key
}
