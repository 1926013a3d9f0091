package sandbox

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// GenerateOptions say how large a generated tenant and forest are. The same
// options give the same bytes.
type GenerateOptions struct {
	Seed uint64
	// BaseDN of the forest; DC=corp,DC=example,DC=com by default.
	BaseDN string
	Groups int
	Users  int
	// Memberships is how many direct members the groups have in all. Sizes are
	// uneven, as they are: a few groups have most of the members.
	Memberships int
	// OUs below OU=People that the users are spread over; at least 1.
	OUs int
	// UnifiedShare of the groups are Microsoft 365 groups; the others are
	// security groups.
	UnifiedShare float64
	// CloudOnlyShare of the users exist in the tenant alone.
	CloudOnlyShare float64
	// NestedShare of the memberships of security groups are other groups.
	NestedShare float64
}

// generator makes one tenant and one forest.
type generator struct {
	o   GenerateOptions
	rnd *rand.Rand
	dns string // DNS name of the forest
}

// Generate makes a synthetic tenant and the forest that it is synchronised
// with: users in OUs, tied to users of the tenant by objectGUID, and cloud groups
// that could be written back below OU=Cloud Groups.
func Generate(opts GenerateOptions) (tenantJSON, ldif []byte) {
	opts.BaseDN = cmp.Or(opts.BaseDN, "DC=corp,DC=example,DC=com")
	opts.OUs = max(opts.OUs, 1)
	g := &generator{o: opts, rnd: rand.New(rand.NewPCG(opts.Seed, 0x6c616e6466616c6c)), dns: dnsName(opts.BaseDN)}
	return g.tenant(), g.forest()
}

// dnsName is corp.example.com for DC=corp,DC=example,DC=com.
func dnsName(baseDN string) string {
	var labels []string
	for part := range strings.SplitSeq(baseDN, ",") {
		if _, label, ok := strings.Cut(part, "="); ok {
			labels = append(labels, strings.TrimSpace(label))
		}
	}
	return strings.Join(labels, ".")
}

// The kinds of generated objects, the first four bytes of their ids.
const (
	idGroup     = 0x6e000000
	idUser      = 0x2a000000
	idDirectory = 0xad000000
)

// guid is the id of the nth object of a kind, with its sixteen bytes as Active
// Directory stores them.
func guid(kind uint32, n int) (text string, octets []byte) {
	octets = make([]byte, 16)
	binary.LittleEndian.PutUint32(octets, kind)
	binary.LittleEndian.PutUint16(octets[6:], 0x4000)
	binary.BigEndian.PutUint64(octets[8:], 0x8000<<48|uint64(n))
	text = fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n)
	return text, octets
}

// cloudOnly says which users exist in the tenant alone: an even spread, so that
// both halves agree without sharing anything.
func (g *generator) cloudOnly(n int) bool {
	return int(float64(n+1)*g.o.CloudOnlyShare) > int(float64(n)*g.o.CloudOnlyShare)
}

func (g *generator) unified(n int) bool {
	return int(float64(n+1)*g.o.UnifiedShare) > int(float64(n)*g.o.UnifiedShare)
}

var (
	givenNames  = []string{"Adele", "Alex", "Diego", "Grady", "Henrietta", "Isaiah", "Johanna", "Lee", "Lidia", "Lynne", "Megan", "Nestor", "Patti", "Pradeep", "Zoë", "Łukasz"}
	surnames    = []string{"Vance", "Wilber", "Siciliani", "Archie", "Mueller", "Langer", "Lorenz", "Gu", "Holloway", "Robbins", "Bowen", "Wilke", "Fernandez", "Gupta", "Özil", "O'Neil"}
	departments = []string{"Finance", "IT", "Legal", "Marketing", "Operations", "Research", "Sales"}
)

func userName(n int) string {
	return fmt.Sprintf("%s %s %d", givenNames[n%len(givenNames)], surnames[n/len(givenNames)%len(surnames)], n)
}

func department(n int) string { return departments[n%len(departments)] }

// tenant writes the tenant's half.
func (g *generator) tenant() []byte {
	var b bytes.Buffer
	b.WriteString("{\n  \"groups\": [")
	sizes := g.sizes()
	for n := range g.o.Groups {
		separate(&b, n)
		g.group(&b, n, sizes[n])
	}
	b.WriteString("\n  ],\n  \"users\": [")
	for n := range g.o.Users {
		separate(&b, n)
		g.user(&b, n)
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes()
}

func separate(b *bytes.Buffer, n int) {
	if n > 0 {
		b.WriteByte(',')
	}
	b.WriteString("\n    ")
}

// sizes spreads the memberships over the groups: sizes fall with the rank of a
// group as 1/rank, and no group has more members than there are users.
func (g *generator) sizes() []int {
	sizes := make([]int, g.o.Groups)
	if g.o.Groups == 0 || g.o.Users == 0 {
		return sizes
	}
	weight := 0.0
	for n := range sizes {
		weight += 1 / float64(n+1)
	}
	left := min(g.o.Memberships, g.o.Groups*g.o.Users)
	for n := range sizes {
		sizes[n] = min(int(float64(g.o.Memberships)/float64(n+1)/weight), g.o.Users, left)
		left -= sizes[n]
	}
	for n := 0; left > 0; n = (n + 1) % len(sizes) {
		if sizes[n] < g.o.Users {
			sizes[n]++
			left--
		}
	}
	g.rnd.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
	return sizes
}

func (g *generator) group(b *bytes.Buffer, n, size int) {
	id, _ := guid(idGroup, n)
	if g.unified(n) {
		fmt.Fprintf(b, `{"id":"%s","displayName":"M365 - %s %d","mailEnabled":true,"mailNickname":"m365-%d","mail":"m365-%d@%s","proxyAddresses":["SMTP:m365-%d@%s"],"securityEnabled":false,"groupTypes":["Unified"],"visibility":"Private"`,
			id, department(n), n, n, n, g.dns, n, g.dns)
	} else {
		fmt.Fprintf(b, `{"id":"%s","displayName":"SG %s %d","description":"Access of %s","mailEnabled":false,"mailNickname":"sg-%d","securityEnabled":true,"groupTypes":[],"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":"universalSecurityGroup"}`,
			id, department(n), n, department(n), n)
	}
	fmt.Fprintf(b, `,"createdDateTime":"2026-01-%02dT08:00:00Z","members":[`, 1+n%28)
	g.members(b, n, size)
	b.WriteString("]}")
}

// members writes the ids of distinct members: a run of users that begins
// somewhere, which costs nothing to keep distinct, and for security groups some
// groups that come later, so that nesting has no circles.
func (g *generator) members(b *bytes.Buffer, n, size int) {
	nested := 0
	if !g.unified(n) {
		nested = min(int(float64(size)*g.o.NestedShare), g.o.Groups-n-1)
	}
	for i := range nested {
		id, _ := guid(idGroup, n+1+i)
		writeID(b, i, id)
	}
	if size == nested {
		return
	}
	first, stride := g.rnd.IntN(g.o.Users), g.stride()
	for i := nested; i < size; i++ {
		id, _ := guid(idUser, (first+i*stride)%g.o.Users)
		writeID(b, i, id)
	}
}

// stride is a step that visits every user before it comes back.
func (g *generator) stride() int {
	for {
		stride := 1 + g.rnd.IntN(g.o.Users)
		if gcd(stride, g.o.Users) == 1 {
			return stride
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func writeID(b *bytes.Buffer, i int, id string) {
	if i > 0 {
		b.WriteByte(',')
	}
	fmt.Fprintf(b, "%q", id)
}

func (g *generator) user(b *bytes.Buffer, n int) {
	id, _ := guid(idUser, n)
	name, err := json.Marshal(userName(n))
	if err != nil {
		panic(err) // strings always encode
	}
	fmt.Fprintf(b, `{"id":"%s","displayName":%s,"userPrincipalName":"user%d@%s","mail":"user%d@%s","mailNickname":"user%d","userType":"Member","accountEnabled":true,"department":"%s"`,
		id, name, n, g.dns, n, g.dns, n, department(n))
	if !g.cloudOnly(n) {
		_, octets := guid(idDirectory, n)
		fmt.Fprintf(b, `,"onPremisesSyncEnabled":true,"onPremisesImmutableId":"%s","onPremisesSamAccountName":"user%d"`,
			base64.StdEncoding.EncodeToString(octets), n)
	}
	b.WriteByte('}')
}

// forest writes the forest's half.
func (g *generator) forest() []byte {
	var b bytes.Buffer
	b.WriteString("version: 1\n")
	g.container(&b, "OU=People,"+g.o.BaseDN)
	g.container(&b, "OU=Cloud Groups,"+g.o.BaseDN)
	for n := range g.o.OUs {
		g.container(&b, g.ou(n))
	}
	for n := range g.o.Users {
		if g.cloudOnly(n) {
			continue
		}
		_, octets := guid(idDirectory, n)
		fmt.Fprintf(&b, "\ndn: CN=user%d,%s\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n", n, g.ou(n))
		fmt.Fprintf(&b, "objectGUID:: %s\nsAMAccountName: user%d\nuserPrincipalName: user%d@%s\nmail: user%d@%s\n",
			base64.StdEncoding.EncodeToString(octets), n, n, g.dns, n, g.dns)
		fmt.Fprintf(&b, "displayName:: %s\ndepartment: %s\n", base64.StdEncoding.EncodeToString([]byte(userName(n))), department(n))
	}
	return b.Bytes()
}

func (g *generator) ou(n int) string {
	return fmt.Sprintf("OU=Unit %d,OU=People,%s", n%g.o.OUs, g.o.BaseDN)
}

func (g *generator) container(b *bytes.Buffer, dn string) {
	_, name, _ := strings.Cut(dn[:strings.IndexByte(dn, ',')], "=")
	fmt.Fprintf(b, "\ndn: %s\nobjectClass: top\nobjectClass: organizationalUnit\nou: %s\n", dn, name)
}
