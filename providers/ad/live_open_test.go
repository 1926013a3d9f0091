package ad

import (
	"context"
	"strings"
	"testing"
)

func testOpen(t *testing.T, c Config) {
	for _, test := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Password = "wrong" }, "the user name or the password is wrong"},
		{func(c *Config) { c.CA = nil }, "set ca_file"},
		{func(c *Config) { c.ServerName = "dc9.corp.example.com" }, "set server_name"},
		{func(c *Config) { c.BaseDN = "OU=nowhere," + c.BaseDN }, "base_dn"},
		{func(c *Config) { c.BaseDN = "DC=other,DC=example" }, "base_dn"},
		{func(c *Config) { c.Password = "" }, "password is missing"},
		{func(c *Config) { c.URL = strings.Replace(c.URL, "ldaps:", "ldap:", 1) }, "start_tls"},
		{func(c *Config) { c.URL = strings.Replace(c.URL, "ldaps:", "http:", 1) }, "scheme"},
	} {
		bad := c
		test.change(&bad)
		_, err := Open(t.Context(), bad)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "provider.ad.corp: ") {
			t.Errorf("want %q, got %v", test.want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, c); err == nil {
		t.Error("opened although cancelled")
	}
}
