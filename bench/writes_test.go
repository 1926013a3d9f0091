package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/providers/ad"
	"github.com/landfall-directory/landfall/providers/entra"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// BenchmarkWrites carries out a plan of created, changed and filled groups with
// more and more operations side by side, on a domain controller next door and on
// one that is 10 ms away, and changes groups of a tenant that takes 50 ms for a
// write. It reports operations a second; the default of -parallelism rests on the
// ratios.
func BenchmarkWrites(b *testing.B) {
	const groups = 100
	for name, open := range map[string]func(*testing.B) ad.Config{"sandbox": sandboxConfig, "samba": sambaConfig} {
		b.Run(name, func(b *testing.B) {
			direct := open(b)
			serial := 0
			for _, away := range []time.Duration{0, 10 * time.Millisecond} {
				c := direct
				if away > 0 {
					c.URL = "ldaps://" + delayed(b, direct.URL, away/2)
				}
				for _, n := range []int{1, 2, 4, 8, 16, 32} {
					b.Run(fmt.Sprintf("rtt=%s/parallelism=%d", away, n), func(b *testing.B) {
						d, err := ad.Open(b.Context(), c)
						if err != nil {
							b.Fatal(err)
						}
						defer d.Close()
						for b.Loop() {
							serial++
							carryOut(b, creations(serial, groups), d, n)
						}
					})
				}
			}
		})
	}
	b.Run("tenant", func(b *testing.B) {
		for _, n := range []int{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("write=50ms/parallelism=%d", n), func(b *testing.B) {
				for b.Loop() {
					d, p := openTenant(b, 40)
					carryOut(b, p, d, n)
				}
			})
		}
	})
}

const corpAddress = "provider.ad.corp"

// creations are new groups, each with a value that changes and with members.
func creations(serial, n int) *planner.Plan {
	p := &planner.Plan{}
	for i := range n {
		name := fmt.Sprintf("g%d-%d", serial, i)
		dn := "CN=" + name + ",OU=Groups," + samba.BaseDN
		p.Changes = append(p.Changes, planner.Change{
			Address: name, Provider: corpAddress, ObjectType: "group", Name: name, DN: planner.DNChange{After: &dn},
			Actions: []planner.Action{planner.ActionCreate, planner.ActionMembers},
			Edits: []planner.Edit{
				{Attribute: "adminDescription", After: planner.Texts("Group_" + name)},
				{Attribute: "groupType", After: planner.Texts("-2147483640")},
				{Attribute: "description", After: planner.Texts("a group")},
			},
			Members: &planner.Members{Add: []planner.MemberChange{{DN: "CN=u0,OU=Groups," + samba.BaseDN}, {DN: "CN=u1,OU=Groups," + samba.BaseDN}}},
		})
	}
	return p
}

// carryOut runs a plan and reports how many operations a second were done.
func carryOut(b *testing.B, p *planner.Plan, w planner.Writer, parallelism int) {
	b.Helper()
	start, operations := time.Now(), 0
	report, err := apply.Run(b.Context(), p, apply.Options{
		Writers: map[string]planner.Writer{p.Changes[0].Provider: w}, Journal: noJournal{},
		Parallelism: map[string]int{p.Changes[0].Provider: parallelism},
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range report.Changes {
		if c.Outcome != apply.OutcomeDone {
			b.Fatalf("%s is %s: %s", c.Change.Name, c.Outcome, c.Cause)
		}
		operations += len(c.Operations)
	}
	b.ReportMetric(float64(operations)/time.Since(start).Seconds(), "operations/s")
}

// noJournal records nothing, so that only the directory is measured.
type noJournal struct{}

func (noJournal) Before(apply.Entry) error { return nil }
func (noJournal) After(apply.Entry) error  { return nil }
func (noJournal) Close(apply.Footer) error { return nil }

func writesLDIF() io.Reader {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\n\ndn: OU=Groups,%s\nobjectClass: organizationalUnit\n\n", samba.BaseDN)
	for i := range 2 {
		fmt.Fprintf(&b, "dn: CN=u%d,OU=Groups,%s\nobjectClass: user\nsAMAccountName: u%d\n\n", i, samba.BaseDN, i)
	}
	return strings.NewReader(b.String())
}

func sandboxConfig(b *testing.B) ad.Config {
	f, err := forest.Load(writesLDIF(), "bench.ldif", forest.Options{Accounts: map[string]string{"svc": "right"}, BaseDN: samba.BaseDN})
	if err != nil {
		b.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Close() })
	return ad.Config{Address: corpAddress, URL: server.URL(), BaseDN: samba.BaseDN, CA: f.CertificateAuthority(), ServerName: "127.0.0.1", Username: "svc@corp.example.com", Password: "right"}
}

func sambaConfig(b *testing.B) ad.Config {
	dc := samba.Start(b, samba.Options{LDIF: writesLDIF()})
	return ad.Config{Address: corpAddress, URL: dc.URL, BaseDN: dc.BaseDN, CA: dc.CA, ServerName: strings.TrimPrefix(dc.URL, "ldaps://"), Username: dc.Writer.Name, Password: dc.Writer.Password}
}

// delayed passes connections on to an ldaps URL, every byte late by the same time.
func delayed(b *testing.B, url string, late time.Duration) string {
	host := strings.TrimPrefix(url, "ldaps://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":636"
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", host)
			if err != nil {
				client.Close()
				continue
			}
			go slow(client, server, late)
			go slow(server, client, late)
		}
	}()
	return l.Addr().String()
}

func slow(from, to net.Conn, late time.Duration) {
	type piece struct {
		at   time.Time
		data []byte
	}
	pieces := make(chan piece, 1<<16)
	go func() {
		defer to.Close()
		for p := range pieces {
			time.Sleep(time.Until(p.at))
			if _, err := to.Write(p.data); err != nil {
				return
			}
		}
	}()
	defer close(pieces)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			pieces <- piece{time.Now().Add(late), buffer[:n]}
		}
		if err != nil {
			return
		}
	}
}

const tenantAddress = "provider.entra.contoso"

// openTenant serves groups of which each is to change.
func openTenant(b *testing.B, n int) (*entra.Directory, *planner.Plan) {
	p := &planner.Plan{}
	var groups []map[string]any
	for i := range n {
		id := fmt.Sprintf("a0000000-0000-4000-8000-%012x", i)
		groups = append(groups, map[string]any{"id": id, "displayName": "Old", "securityEnabled": true, "mailEnabled": false, "mailNickname": fmt.Sprint("g", i), "groupTypes": []string{}})
		p.Changes = append(p.Changes, planner.Change{Address: id, Provider: tenantAddress, ObjectType: "group", Name: id, Anchor: &id, Actions: []planner.Action{planner.ActionUpdate},
			Edits: []planner.Edit{{Attribute: "displayName", Before: planner.Texts("Old"), After: planner.Texts("New")}}})
	}
	text, err := json.Marshal(map[string]any{"groups": groups})
	if err != nil {
		b.Fatal(err)
	}
	t, err := tenant.Load(bytes.NewReader(text), "bench.json", tenant.Options{Faults: []tenant.Fault{{Method: "PATCH", Delay: 50 * time.Millisecond}}})
	if err == nil {
		err = t.Start("127.0.0.1:0")
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { t.Close() })
	d, err := entra.Open(context.Background(), entra.Config{Address: tenantAddress, TenantID: t.ID(), Endpoint: t.URL(), CA: t.CA(), Token: t.Token(), Schema: schema.Entra})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.Close)
	return d, p
}
