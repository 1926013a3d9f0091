package forest

import "strings"

// unlikeNames are the attributes whose schema object is not called after the
// attribute: lDAPDisplayName and common name.
const unlikeNames = `
	c Country-Name
	carLicense carLicense
	cn Common-Name
	co Text-Country
	comment User-Comment
	dc Domain-Component
	departmentNumber departmentNumber
	distinguishedName Obj-Dist-Name
	gidNumber GidNumber
	homePhone Phone-Home-Primary
	homePostalAddress Address-Home
	houseIdentifier houseIdentifier
	info Comment
	ipPhone Phone-Ip-Primary
	jpegPhoto jpegPhoto
	l Locality-Name
	labeledURI labeledURI
	loginShell LoginShell
	mail E-mail-Addresses
	memberOf Is-Member-Of-DL
	memberUid MemberUid
	middleName Other-Name
	mobile Phone-Mobile-Primary
	ms-DS-MachineAccountQuota MS-DS-Machine-Account-Quota
	msDS-AllUsersTrustQuota MS-DS-All-Users-Trust-Quota
	msExchCoManagedByLink ms-Exch-CoManaged-By-Link
	msExchRequireAuthToSendTo ms-Exch-RequireAuthToSendTo
	name RDN
	o Organization-Name
	objectGUID Object-Guid
	otherFacsimileTelephoneNumber Phone-Fax-Other
	otherHomePhone Phone-Home-Other
	otherIpPhone Phone-Ip-Other
	otherMobile Phone-Mobile-Other
	otherPager Phone-Pager-Other
	otherTelephone Phone-Office-Other
	ou Organizational-Unit-Name
	pager Phone-Pager-Primary
	preferredLanguage preferredLanguage
	roomNumber roomNumber
	schemaIDGUID Schema-ID-GUID
	secretary secretary
	sn Surname
	st State-Or-Province-Name
	street Street-Address
	streetAddress Address
	subSchemaSubEntry SubSchemaSubEntry
	thumbnailPhoto Picture
	uid uid
	uidNumber UidNumber
	unixHomeDirectory UnixHomeDirectory
	url WWW-Page-Other
	userCertificate X509-Cert
`

// commonNames gives every attribute of the schema the common name of its
// schema object: mailNickname is CN=ms-Exch-Mail-Nickname.
func (s *schema) commonNames() map[*attributeDef]string {
	out := make(map[*attributeDef]string, len(s.ordered))
	for _, def := range s.ordered {
		out[def] = hyphenate(def.name, def.exchange)
	}
	for line := range strings.Lines(unlikeNames) {
		if fields := strings.Fields(line); len(fields) == 2 {
			if def := s.lookup(fields[0]); def != nil {
				out[def] = fields[1]
			}
		}
	}
	return out
}

// hyphenate derives a common name as the schema's authors did: a hyphen between
// words, ms-Exch- before what Exchange brought.
func hyphenate(name string, exchange bool) string {
	if !strings.HasPrefix(name, "ms") {
		name = strings.ToUpper(name[:1]) + name[1:]
		if exchange {
			name = "msExch" + name
		}
	}
	var out strings.Builder
	for i := range len(name) {
		if i > 0 && wordBegins(name, i) {
			out.WriteByte('-')
		}
		out.WriteByte(name[i])
	}
	return out.String()
}

// wordBegins reports whether the character at i begins a word: a capital after a
// small letter or digit, the last capital of several (HTTPServer), a digit after
// a small letter.
func wordBegins(name string, i int) bool {
	small := func(i int) bool { return i < len(name) && 'a' <= name[i] && name[i] <= 'z' }
	capital := func(i int) bool { return 'A' <= name[i] && name[i] <= 'Z' }
	digit := func(i int) bool { return '0' <= name[i] && name[i] <= '9' }
	return capital(i) && (small(i-1) || digit(i-1) || capital(i-1) && small(i+1)) || digit(i) && small(i-1)
}
