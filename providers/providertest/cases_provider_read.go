package providertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// readCases drive planner.Reader.
func readCases() []testCase {
	return []testCase{
		{"read/types, names and references", "group g [member=CN=a,~|CN=h,~ managedBy=CN=boss,~] contact a user boss sAMAccountName=conformance-boss", func(s *session) {
			s.contact("CN=a")
			s.group("CN=h")
			s.must(s.addRequest("CN=boss", "objectClass: user", "sAMAccountName: conformance-boss"))
			s.group("CN=g", "groupType: 8", "managedBy: "+s.dn("CN=boss"))
			s.change("CN=g", plus("member", s.members("CN=a", "CN=h")...))
			space := s.read(s.request("cn"))
			s.answer("%s %s", space.Type(space.ByName(s.dn("CN=g"))), space.First(space.ByName(s.dn("CN=g")), "cn"))
			s.showRead(space, "CN=g", "member", "managedBy")
			a, boss := space.ByName(s.dn("CN=a")), space.ByName(s.dn("CN=boss"))
			s.answer("%s a", space.Type(a))
			s.answer("%s boss sAMAccountName=%s", space.Type(boss), space.First(boss, "sAMAccountName"))
		}},
		{"read/nothing there", "0", func(s *session) {
			space := s.read(s.request("cn"))
			n := 0
			for o := range planner.ObjectID(space.Len()) {
				if space.Type(o) == "group" && space.State(o) == planner.Live {
					n++
				}
			}
			s.answer("%d", n)
		}},
		{"read/5000 objects and 5000 members", "5001 5000", func(s *session) {
			c := s.config(s.target.Reader)
			c.SearchBases = []string{largeOU(s)}
			req := s.request("cn")
			req.Types = append(req.Types[:3], planner.TypeRequest{Type: "contact", All: true, Attributes: []string{"cn"}})
			space := s.readFrom(s.openWith(c), req)
			n := 0
			for o := range planner.ObjectID(space.Len()) {
				if space.State(o) == planner.Live && space.First(o, "cn") != "" {
					n++
				}
			}
			members, _ := space.References(space.ByName(largeGroup(s)), "member")
			s.answer("%d %d", n, len(members))
		}},
		{"read/which attributes exist", "true true true false", func(s *session) {
			space := s.read(s.request("mailNickname", "msExchRecipientDisplayType", "adminDescription", "noSuchAttribute"))
			for _, name := range []string{"mailnickname", "msexchrecipientdisplaytype", "admindescription", "nosuchattribute"} {
				s.answer("%t", space.HasAttribute[name])
			}
		}},
		{"read/Recycle Bin", "writer 1 reader 2", func(s *session) {
			for _, a := range []struct {
				name    string
				account Account
			}{{"writer", s.target.Writer}, {"reader", s.target.Reader}} {
				s.answer("%s %d", a.name, s.readFrom(s.open(a.account), s.request()).RecycleBin)
			}
		}},
	}
}

// findCases are about finding objects, and about what must not be read.
func findCases() []testCase {
	return []testCase{
		{"read/find by value", "g,i h true", func(s *session) {
			s.group("CN=g", "adminDescription: Group_find-1")
			s.group("CN=h", "adminDescription: Group_find-2")
			s.group("CN=i", "adminDescription: GROUP_FIND-1")
			space := planner.NewSpace("provider.ad.conformance", planner.KindAD, planner.ADSchema)
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			values := []string{"Group_find-1", "Group_find-2", "Group_find-3"}
			s.must(s.open(s.target.Writer).Find(ctx, s.request("cn", "adminDescription"), "adminDescription", values, space))
			for _, v := range values[:2] {
				var found []string
				for _, o := range space.Found("adminDescription", v) {
					found = append(found, space.First(o, "cn"))
				}
				slices.Sort(found)
				s.answer("%s", strings.Join(found, ","))
			}
			s.answer("%t", space.Absent("adminDescription", values[2]))
		}},
		{"read/objects elsewhere are found", "g", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g", "adminDescription: Group_elsewhere")
			c := s.config(s.target.Writer)
			c.SearchBases = []string{s.dn("OU=o")}
			space := planner.NewSpace("provider.ad.conformance", planner.KindAD, planner.ADSchema)
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			s.must(s.openWith(c).Find(ctx, s.request("cn", "adminDescription"), "adminDescription", one("Group_elsewhere"), space))
			for _, o := range space.Found("adminDescription", "Group_elsewhere") {
				s.answer("%s", space.First(o, "cn"))
			}
		}},
		{"read/names below a subtree", "true true", func(s *session) {
			s.subOU("OU=o")
			s.contact("CN=a,OU=o")
			s.must(s.addRequest("CN=u,OU=o", "objectClass: user", "sAMAccountName: conformance-subtree"))
			req := s.request()
			req.Subtrees = []string{s.dn("OU=o")}
			space := s.read(req)
			for _, rel := range []string{"CN=a,OU=o", "CN=u,OU=o"} {
				o := space.ByName(s.dn(rel))
				s.answer("%t", o != planner.NoObject && space.State(o) == planner.Live)
			}
		}},
		{"read/a deleted member is no member", "[member=CN=b,~]", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.group("CN=g", "groupType: 8")
			s.change("CN=g", plus("member", s.members("CN=a", "CN=b")...))
			s.drop("CN=a")
			s.showRead(s.read(s.request()), "CN=g", "member")
		}},
		{"read/missing search base", "true", func(s *session) {
			c := s.config(s.target.Writer)
			c.SearchBases = []string{s.dn("OU=nowhere")}
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			space := planner.NewSpace("provider.ad.conformance", planner.KindAD, planner.ADSchema)
			err := s.openWith(c).Read(ctx, s.request(), space)
			s.t.Log(err)
			s.answer("%t", err != nil && strings.Contains(err.Error(), "nowhere"))
		}},
	}
}

// openCases are about connections that must not come about, and those that must.
func openCases() []testCase {
	return []testCase{
		{"open/LDAPS", "ok", func(s *session) {
			s.opening(s.config(s.target.Writer))
		}},
		{"open/StartTLS", "ok", func(s *session) {
			c := s.config(s.target.Writer)
			c.URL, c.StartTLS = s.target.PlainURL, true
			s.opening(c)
		}},
		{"open/without TLS", "error(encrypt)", func(s *session) {
			c := s.config(s.target.Writer)
			c.URL, c.Plaintext = s.target.PlainURL, true
			s.opening(c, "encrypt")
		}},
		{"open/wrong password", "error(password,49)", func(s *session) {
			c := s.config(s.target.Writer)
			c.Password += "x"
			s.opening(c, "password", "49")
		}},
		{"open/empty password", "error(password)", func(s *session) {
			c := s.config(s.target.Writer)
			c.Password = ""
			s.opening(c, "password")
		}},
		{"open/nobody listens", "error(refused)", func(s *session) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			s.must(err)
			l.Close()
			c := s.config(s.target.Writer)
			c.URL = "ldaps://" + l.Addr().String()
			s.opening(c, "refused")
		}},
		{"open/wrong CA", "error(certificate,ca_file)", func(s *session) {
			c := s.config(s.target.Writer)
			_, c.CA = certificate(s, time.Hour)
			s.opening(c, "certificate", "ca_file")
		}},
		{"open/certificate for another name", "error(certificate,server_name)", func(s *session) {
			c := s.config(s.target.Writer)
			c.ServerName = "dc.elsewhere.example"
			s.opening(c, "certificate", "server_name")
		}},
		{"open/expired certificate", "error(expired)", func(s *session) {
			expired, authority := certificate(s, -time.Hour)
			c := s.config(s.target.Writer)
			c.URL, c.CA = "ldaps://"+s.relay(expired), authority
			s.opening(c, "expired")
		}},
		{"open/base that does not exist", "error(base_dn)", func(s *session) {
			c := s.config(s.target.Writer)
			c.BaseDN = "OU=nowhere," + s.target.BaseDN
			c.SearchBases = nil
			s.opening(c, "base_dn")
		}},
		{"open/base of another domain", "error(base_dn)", func(s *session) {
			c := s.config(s.target.Writer)
			c.BaseDN, c.SearchBases = "DC=elsewhere,DC=example", nil
			s.opening(c, "base_dn")
		}},
	}
}

// certificate makes a certificate for 127.0.0.1 that is its own authority and
// ends after the given time, which may be past.
func certificate(s *session, valid time.Duration) (tls.Certificate, []byte) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(valid),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	s.must(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// relay passes TLS connections with another certificate on to the target and
// returns its address.
func (s *session) relay(c tls.Certificate) string {
	s.t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c}})
	s.must(err)
	s.t.Cleanup(func() { l.Close() })
	server := strings.TrimPrefix(s.target.URL, "ldaps://")
	if _, _, err := net.SplitHostPort(server); err != nil {
		server += ":636"
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				upstream, err := tls.Dial("tcp", server, trust(s.target))
				if err != nil {
					return
				}
				defer upstream.Close()
				go func() { _, _ = io.Copy(upstream, client); upstream.Close() }()
				_, _ = io.Copy(client, upstream)
			}()
		}
	}()
	return l.Addr().String()
}
