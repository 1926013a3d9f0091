package providertest

import (
	"fmt"
	"strings"
)

// addCases are about creating objects.
func addCases() []testCase {
	return []testCase{
		{"add/group with nothing else", "0 [sAMAccountName=<generated> groupType=-2147483646 sAMAccountType=268435456 cn=g name=g]", func(s *session) {
			s.add("CN=g", "objectClass: group")
			s.show("CN=g", "sAMAccountName", "groupType", "sAMAccountType", "cn", "name")
		}},
		{"add/written-back group", "0 [groupType=8 sAMAccountType=268435457 msExchRecipientDisplayType=17 msExchRecipientTypeDetails=8796093022208 msExchRequireAuthToSendTo=TRUE]", func(s *session) {
			s.add("CN=Group_0b2f", "objectClass: group", "groupType: 8", "displayName: Team", "mail: team@example.com", "mailNickname: team",
				"proxyAddresses: SMTP:team@example.com", "proxyAddresses: smtp:team@corp.example.com", "adminDescription: Group_0b2f",
				"msExchRecipientDisplayType: 17", "msExchRecipientTypeDetails: 8796093022208", "msExchRequireAuthToSendTo: TRUE")
			s.show("CN=Group_0b2f", "groupType", "sAMAccountType", "msExchRecipientDisplayType", "msExchRecipientTypeDetails", "msExchRequireAuthToSendTo")
		}},
		{"add/OU, user, contact, computer", "0 0 0 0 {c o p u}", func(s *session) {
			s.add("OU=o", "objectClass: organizationalUnit")
			s.add("CN=u", "objectClass: user", "sAMAccountName: conformance-u")
			s.add("CN=c", "objectClass: contact")
			s.add("CN=p", "objectClass: computer", "sAMAccountName: CONFORMANCE-P$")
			s.findAt(s.ou, 1, "(objectClass=*)")
		}},
		{"add/same name", "68 68", func(s *session) {
			s.group("CN=g")
			s.add("CN=g", "objectClass: group")
			s.add("CN=G", "objectClass: contact")
		}},
		// [MS-ADTS] 3.1.1.5.4.1 tells names of siblings apart by value alone.
		{"add/same name, another naming attribute", "68", func(s *session) {
			s.group("CN=g")
			s.add("OU=g", "objectClass: organizationalUnit")
		}},
		{"add/parent missing", "32", func(s *session) {
			s.add("CN=g,OU=nowhere", "objectClass: group")
		}},
		{"add/malformed name", "34 34", func(s *session) {
			s.add("nonsense", "objectClass: group")
			s.add("CN=", "objectClass: group")
		}},
		{"add/class missing or unknown", "65 16", func(s *session) {
			s.add("CN=a", "description: x")
			s.add("CN=b", "objectClass: noSuchClass")
		}},
		{"add/class and naming attribute do not fit", "64", func(s *session) {
			s.add("OU=a", "objectClass: group")
		}},
	}
}

// addValueCases are about the values that a new object may have.
func addValueCases() []testCase {
	return []testCase{
		{"add/unknown attribute", "16 [none]", func(s *session) {
			s.add("CN=g", "objectClass: group", "noSuchAttribute: x")
			s.show("CN=g", "cn")
		}},
		{"add/attribute of another class", "65 65", func(s *session) {
			s.add("CN=g", "objectClass: group", "userAccountControl: 512")
			s.add("CN=c", "objectClass: contact", "groupType: 8")
		}},
		{"add/empty value", "21", func(s *session) {
			s.add("CN=g", "objectClass: group", "description: ")
		}},
		{"add/two values for one", "19", func(s *session) {
			s.add("CN=g", "objectClass: group", "displayName: x", "displayName: y")
		}},
		{"add/same value twice", "20", func(s *session) {
			s.add("CN=g", "objectClass: group", "proxyAddresses: smtp:a@example.com", "proxyAddresses: smtp:a@example.com")
		}},
		{"add/with members", "0 [member=CN=a,~|CN=b,~]", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.add("CN=g", "objectClass: group", "member: "+s.dn("CN=a"), "member: "+s.dn("CN=b"))
			s.show("CN=g", "member")
		}},
		{"add/with a member that does not exist", "32 [none]", func(s *session) {
			s.add("CN=g", "objectClass: group", "member: "+s.dn("CN=nobody"))
			s.show("CN=g", "cn")
		}},
		{"add/cn given as well", "0", func(s *session) {
			s.add("CN=g", "objectClass: group", "cn: g")
		}},
		{"add/objectGUID and objectSid given", "53 53", func(s *session) {
			s.add("CN=a", "objectClass: group", "objectGUID: 0123456789abcdef")
			s.group("CN=b")
			sid := s.entry("CN=b", "objectSid").GetRawAttributeValue("objectSid")
			s.drop("CN=b")
			s.add("CN=b", "objectClass: group", "objectSid: "+string(sid))
		}},
		{"add/the back link given", "53", func(s *session) {
			s.group("CN=g")
			s.add("CN=a", "objectClass: group", "memberOf: "+s.dn("CN=g"))
		}},
		{"add/below a group", "64", func(s *session) {
			s.group("CN=g")
			s.add("CN=a,CN=g", "objectClass: contact")
		}},
		{"add/many values", "0 50", func(s *session) {
			lines := []string{"objectClass: group"}
			for n := range 50 {
				lines = append(lines, fmt.Sprintf("proxyAddresses: smtp:a%d@example.com", n))
			}
			s.add("CN=g", lines...)
			s.answer("%d", len(s.entry("CN=g", "proxyAddresses").GetAttributeValues("proxyAddresses")))
		}},
	}
}

// valueCases are about the values that attributes take.
func valueCases() []testCase {
	// limit tries the longest value and one that is longer by one unit.
	limit := func(attribute, longest, longer string) func(s *session) {
		return func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set(attribute, longest))
			s.modify("CN=g", set(attribute, longer))
		}
	}
	return []testCase{
		{"value/limits", "0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19", func(s *session) {
			s.group("CN=g")
			for _, a := range []struct {
				name string
				max  int
			}{
				{"description", 1024}, {"displayName", 256}, {"info", 1024}, {"mail", 256}, {"mailNickname", 64}, {"adminDescription", 1024},
				{"extensionAttribute1", 1024}, {"extensionAttribute15", 2048}, {"targetAddress", 1123}, {"proxyAddresses", 1123},
			} {
				s.modify("CN=g", set(a.name, strings.Repeat("x", a.max)))
				s.modify("CN=g", set(a.name, strings.Repeat("x", a.max+1)))
			}
		}},
		{"value/limits count UTF-16 units: é", "0 19", limit("mailNickname", strings.Repeat("é", 64), strings.Repeat("é", 65))},
		{"value/limits count UTF-16 units: emoji", "0 19", limit("mailNickname", strings.Repeat("🎉", 32), strings.Repeat("🎉", 33))},
		{"value/limit of cn", "0 19", func(s *session) {
			s.add("CN="+strings.Repeat("c", 64), "objectClass: group")
			s.add("CN="+strings.Repeat("d", 65), "objectClass: group")
		}},
		{"value/limit of cn, renaming", "0 19", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "CN="+strings.Repeat("c", 64), "")
			s.rename("CN="+strings.Repeat("c", 64), "CN="+strings.Repeat("d", 65), "")
		}},
		{"value/limit of ou", "0 19", func(s *session) {
			s.add("OU="+strings.Repeat("c", 64), "objectClass: organizationalUnit")
			s.add("OU="+strings.Repeat("d", 65), "objectClass: organizationalUnit")
		}},
		{"value/200 emoji as a name", "19", func(s *session) {
			s.add("CN="+strings.Repeat("🎉", 200), "objectClass: group")
		}},
	}
}

// syntaxCases are about the spelling of values.
func syntaxCases() []testCase {
	return []testCase{
		{"value/boolean", "0 0 21 21", func(s *session) {
			s.group("CN=g")
			for _, v := range []string{"TRUE", "FALSE", "yes", "1"} {
				s.modify("CN=g", set("msExchRequireAuthToSendTo", v))
			}
		}},
		{"value/boolean in lower case", "21", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("msExchRequireAuthToSendTo", "true"))
		}},
		{"value/integer", "0 0 0 21 21", func(s *session) {
			s.group("CN=g")
			for _, v := range []string{"0", "2147483647", "-2147483648", "ten", "1.5"} {
				s.modify("CN=g", set("msExchRecipientDisplayType", v))
			}
		}},
		{"value/integer too large", "21 [msExchRecipientDisplayType=-]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("msExchRecipientDisplayType", "4294967296"))
			s.show("CN=g", "msExchRecipientDisplayType")
		}},
		{"value/large integer", "0 0 [msExchRecipientTypeDetails=-9223372036854775808] 21", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("msExchRecipientTypeDetails", "9223372036854775807"))
			s.modify("CN=g", set("msExchRecipientTypeDetails", "-9223372036854775808"))
			s.show("CN=g", "msExchRecipientTypeDetails")
			s.modify("CN=g", set("msExchRecipientTypeDetails", "many"))
		}},
		{"value/control characters", "0 [description=a\x1b[2Jb\u202ec]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("description", "a\x1b[2Jb\u202ec"))
			s.show("CN=g", "description")
		}},
		{"value/spaces are kept", "0 [description=  two  words ]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("description", "  two  words "))
			s.show("CN=g", "description")
		}},
		{"value/reference to nothing", "19 34", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("managedBy", s.dn("CN=nobody")))
			s.modify("CN=g", set("managedBy", "nonsense"))
		}},
		{"value/octets", "0 true", func(s *session) {
			s.must(s.addRequest("CN=u", "objectClass: user", "sAMAccountName: conformance-octets"))
			value := string([]byte{0, 1, 2, 255, 254})
			s.modify("CN=u", set("mS-DS-ConsistencyGuid", value))
			s.answer("%t", string(s.entry("CN=u", "mS-DS-ConsistencyGuid").GetRawAttributeValue("mS-DS-ConsistencyGuid")) == value)
		}},
	}
}

// accountNameCases are about sAMAccountName.
func accountNameCases() []testCase {
	out := []testCase{
		{"account name/in use, adding", "68 68 [none]", func(s *session) {
			s.group("CN=a", "sAMAccountName: conformance-one")
			s.add("CN=b", "objectClass: group", "sAMAccountName: conformance-one")
			s.add("CN=c", "objectClass: user", "sAMAccountName: Conformance-ONE")
			s.show("CN=b", "cn")
		}},
		{"account name/in use, modifying", "68 [sAMAccountName=conformance-three]", func(s *session) {
			s.group("CN=a", "sAMAccountName: conformance-two")
			s.group("CN=b", "sAMAccountName: conformance-three")
			s.modify("CN=b", set("sAMAccountName", "conformance-TWO"))
			s.show("CN=b", "sAMAccountName")
		}},
		{"account name/free again", "0 0 0", func(s *session) {
			s.group("CN=a", "sAMAccountName: conformance-four")
			s.modify("CN=a", set("sAMAccountName", "conformance-five"))
			s.add("CN=b", "objectClass: group", "sAMAccountName: conformance-four")
			s.modify("CN=b", set("sAMAccountName", "Conformance-Four"))
		}},
		{"account name/generated ones differ", "true", func(s *session) {
			s.group("CN=a")
			s.group("CN=b")
			name := func(rel string) string { return s.entry(rel, "sAMAccountName").GetAttributeValue("sAMAccountName") }
			s.answer("%t", name("CN=a") != name("CN=b"))
		}},
		{"account name/length", "0 19", func(s *session) {
			s.add("CN=a", "objectClass: group", "sAMAccountName: "+strings.Repeat("n", 256))
			s.add("CN=b", "objectClass: group", "sAMAccountName: "+strings.Repeat("m", 257))
		}},
		{"account name/@ may be in it", "0", func(s *session) {
			s.add("CN=a", "objectClass: group", "sAMAccountName: conformance@six")
		}},
		{"account name/dot at the end", "19", func(s *session) {
			s.add("CN=a", "objectClass: group", "sAMAccountName: conformance-seven.")
		}},
	}
	for _, c := range `/\[]:;|=,+*?<>"` {
		out = append(out, testCase{fmt.Sprintf("account name/character %c", c), "19", func(s *session) {
			s.add("CN=a", "objectClass: group", fmt.Sprintf("sAMAccountName: conformance%cx", c))
		}})
	}
	return out
}

// groupTypeCases are about groupType: which values exist and which changes are
// allowed.
func groupTypeCases() []testCase {
	const (
		globalSecurity    = "-2147483646"
		localSecurity     = "-2147483644"
		universalSecurity = "-2147483640"
		global            = "2"
		local             = "4"
		universal         = "8"
	)
	out := []testCase{
		{"group type/sAMAccountType follows", "268435456 268435457 268435456 268435457 536870912 536870913", func(s *session) {
			for n, v := range []string{globalSecurity, global, universalSecurity, universal, localSecurity, local} {
				rel := fmt.Sprintf("CN=%d", n)
				s.group(rel, "groupType: "+v)
				s.answer("%s", s.entry(rel, "sAMAccountType").GetAttributeValue("sAMAccountType"))
			}
		}},
		{"group type/unknown values", "53 53 53", func(s *session) {
			s.add("CN=a", "objectClass: group", "groupType: 12345")
			s.add("CN=b", "objectClass: group", "groupType: 0")
			s.group("CN=c")
			s.modify("CN=c", set("groupType", "12345"))
		}},
		{"group type/written unsigned", "0 [groupType=-2147483640]", func(s *session) {
			s.add("CN=a", "objectClass: group", "groupType: 2147483656")
			s.show("CN=a", "groupType")
		}},
	}
	for _, row := range []struct{ from, to, want string }{
		{universalSecurity, universal, "0 [groupType=8 sAMAccountType=268435457]"},
		{universal, universalSecurity, "0 [groupType=-2147483640 sAMAccountType=268435456]"},
		{universalSecurity, globalSecurity, "0 [groupType=-2147483646 sAMAccountType=268435456]"},
		{universalSecurity, localSecurity, "0 [groupType=-2147483644 sAMAccountType=536870912]"},
		{globalSecurity, universalSecurity, "0 [groupType=-2147483640 sAMAccountType=268435456]"},
		{localSecurity, universalSecurity, "0 [groupType=-2147483640 sAMAccountType=268435456]"},
		{globalSecurity, localSecurity, "53 [groupType=-2147483646 sAMAccountType=268435456]"},
		{localSecurity, globalSecurity, "53 [groupType=-2147483644 sAMAccountType=536870912]"},
		{global, universal, "0 [groupType=8 sAMAccountType=268435457]"},
		{global, local, "53 [groupType=2 sAMAccountType=268435457]"},
	} {
		out = append(out, testCase{"group type/" + row.from + " to " + row.to, row.want, func(s *session) {
			s.group("CN=g", "groupType: "+row.from)
			s.modify("CN=g", minus("groupType", row.from), plus("groupType", row.to))
			s.show("CN=g", "groupType", "sAMAccountType")
		}})
	}
	return out
}
