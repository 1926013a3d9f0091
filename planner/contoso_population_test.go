package planner

import (
	"fmt"
)

const (
	normal   = 512 // userAccountControl
	disabled = 514
	roleBit  = 1073741824 // msExchRecipientTypeDetails of role groups
)

// populate fills the estate with every kind of object that a forest of some age
// has.
func populate(e *estate) {
	users := e.users()
	e.mailboxes(users)
	e.specialUsers()
	e.internetPersons(users)
	e.contacts(users)
	e.groups(users)
	e.devices()
	e.foreigners()
}

func (e *estate) users() []object {
	const ou = "OU=Users," + corp
	var users []object
	for i := range 48 {
		name := fmt.Sprintf("user%02d", i)
		a := account(name, normal)
		switch {
		case i%12 == 0:
			a = with(everything(i), a)
		case i%12 == 1:
			delete(a, "userPrincipalName")
		case i%12 == 2:
			delete(a, "displayName")
		case i%12 == 3:
			a["userAccountControl"] = text(fmt.Sprint(disabled))
		case i%12 == 4:
			a["msRTCSIP-PrimaryUserAddress"] = text("sip:" + name + "@contoso.com")
		case i%12 == 5:
			a["description"] = text("", "  ")
		}
		if i%4 == 1 {
			a["manager"] = text(users[i-1].dn)
		}
		o := e.add("user", "User "+name, ou, a)
		users = append(users, o)
		if i%3 == 0 {
			continue // not in the tenant yet
		}
		more := attrs{"usageLocation": text("AT"), "userPrincipalName": text(name + "@contoso.com")}
		switch i {
		case 1, 2:
			more["searchableDeviceKey"] = text("\x00\x01\x02\x03\x04\x00the key")
		case 4:
			more["sourceAnchor"] = text(anchorOf(o)) // joins by it
			delete(more, "usageLocation")
		}
		e.cloud(o, "user", "User", more)
	}
	return users
}

func (e *estate) mailboxes(users []object) {
	const ou = "OU=Mailboxes," + corp
	for i := range 30 {
		name := fmt.Sprintf("mail%02d", i)
		a := with(account(name, normal), mailbox(name, "1"))
		if i%6 == 0 {
			a = with(everything(100+i), a)
		}
		if i%5 == 0 {
			a["publicDelegates"] = text(users[i].dn, users[i+1].dn)
		}
		o := e.add("user", "Mailbox "+name, ou, a)
		if i%2 == 0 {
			hybrid := attrs{
				"cloudMSExchRecipientDisplayType": text("0"), "cloudLegacyExchangeDN": text("/o=cloud/cn=" + name),
				"cloudMSExchBlockedSendersHash": text("blocked"), "cloudMSExchSafeRecipientsHash": text("safe"), "cloudMSExchSafeSendersHash": text("senders"),
				"cloudMSExchUserHoldPolicies": text("hold " + name), "cloudMSExchUCVoiceMailSettings": text("ExchangeHostedVoiceMail=1"),
			}
			if i%4 == 0 {
				hybrid = attrs{"cloudMSExchRecipientDisplayType": text("6")}
			}
			e.cloud(o, "user", "User", hybrid)
		}
	}
	// linked mailboxes: the account is in a trusted forest, or in this one
	for i := range 8 {
		name := fmt.Sprintf("linked%d", i)
		master := sid(999, uint32(3000+i))
		if i == 7 {
			master = users[0].sid
		}
		e.add("user", "Linked "+name, ou, with(with(account(name, disabled), mailbox(name, "2")), attrs{"msExchMasterAccountSid": text(master)}))
	}
	// shared, room, equipment, and what Exchange keeps for itself
	for i, details := range []string{"4", "16", "32", "16", "32", "4", "4096", "16384", "536870912"} {
		name := fmt.Sprintf("resource%d", i)
		e.add("user", "Resource "+name, ou, with(account(name, disabled), mailbox(name, details)))
	}
}

// specialUsers are accounts that only some clause keeps from the tenant.
func (e *estate) specialUsers() {
	const ou = "OU=Services," + corp
	for _, name := range []string{"MSOL_1b2c3d", "AAD_1b2c3d", "CAS_{1b2c3d}", "SUPPORT_388945a0"} {
		e.add("user", name, ou, account(name, normal))
	}
	e.add("user", "System mailbox", ou, with(account("sysmbx", disabled), attrs{"mailNickname": text("SystemMailbox{1f05a927}")}))
	e.add("user", "Nickname", ou, with(account("nick", normal), attrs{"mailNickname": text("CAS_{5}")}))
	e.add("user", "Nameless", ou, attrs{"userAccountControl": text(fmt.Sprint(normal)), "userPrincipalName": text("nameless@contoso.com")})
	e.add("user", "Error", ou, attrs{"userAccountControl": text(fmt.Sprint(normal))}) // neither name
	for _, name := range []string{"Administrator", "krbtgt"} {
		e.add("user", name, ou, with(account(name, normal), attrs{"isCriticalSystemObject": text("TRUE")}))
	}
	e.add("user", "Written back", ou, with(account("back", normal), attrs{"adminDescription": text("User_7a6f1c2e")}))
	for i := range 3 {
		name := fmt.Sprintf("twin%d", i)
		e.add("user", "Twin "+name+"\nCNF:"+guid(octets(name)), ou, account(name, normal))
	}
}

func (e *estate) internetPersons(users []object) {
	const ou = "OU=Partners," + corp
	for i := range 10 {
		name := fmt.Sprintf("inet%d", i)
		a := with(account(name, normal), attrs{"msRTCSIP-UserEnabled": text("TRUE"), "manager": text(users[i].dn)})
		if i%2 == 0 {
			a = with(with(everything(200+i), a), mailbox(name, "1"))
		}
		if i == 9 {
			a["userAccountControl"] = text(fmt.Sprint(disabled))
		}
		o := e.add("inetOrgPerson", "Partner "+name, ou, a)
		if i%2 == 0 {
			e.cloud(o, "user", "User", attrs{
				"cloudMSExchRecipientDisplayType": text("0"), "cloudLegacyExchangeDN": text("/o=cloud/cn=" + name), "cloudMSExchUserHoldPolicies": text("hold"),
				"cloudMSExchBlockedSendersHash": text("blocked"), "cloudMSExchSafeRecipientsHash": text("safe"), "cloudMSExchSafeSendersHash": text("senders"),
			})
		}
	}
}

func (e *estate) contacts(users []object) {
	const ou = "OU=Contacts," + corp
	for i := range 20 {
		name := fmt.Sprintf("contact%02d", i)
		a := attrs{"displayName": text("Contact " + name), "mail": text(name + "@partner.example")}
		switch {
		case i%5 == 0:
			a = with(everything(300+i), a)
			a["mailNickname"], a["legacyExchangeDN"] = text(name), text("/o=partner/cn="+name)
			a["proxyAddresses"] = text("SMTP:" + name + "@partner.example")
		case i == 6:
			a["displayName"], a["msExchHideFromAddressLists"] = text("Somebody (MSOL)"), text("TRUE")
		case i == 7:
			a["mailNickname"] = text("CAS_{7}")
		case i == 8:
			delete(a, "mail")
		case i == 9:
			a["mail"] = text("contact01@partner.example") // the mail of another one
		case i == 11:
			a["mail"] = text("no address")
		case i == 12:
			a["manager"] = text(users[0].dn)
		}
		cn := "Contact " + name
		if i == 13 {
			cn += "\nCNF:" + guid(octets(name))
		}
		o := e.add("contact", cn, ou, a)
		if i%5 == 0 {
			e.cloud(o, "contact", "Contact", attrs{"cloudLegacyExchangeDN": text("/o=cloud/cn=" + name), "mail": a["mail"]})
		}
	}
}

func (e *estate) groups(users []object) {
	const ou = "OU=Groups," + corp
	types := []string{"-2147483640", "-2147483646", "-2147483644", "8", "2", "4"}
	var groups []object
	for i := range 36 {
		name := fmt.Sprintf("group%02d", i)
		a := attrs{"sAMAccountName": text(name), "groupType": text(types[i%len(types)]), "displayName": text("Group " + name)}
		for n := range i % 5 {
			a["member"] = append(a["member"], users[(i+n*7)%len(users)].dn)
		}
		switch {
		case i%6 == 0 && i > 0:
			a["member"] = append(a["member"], groups[i-1].dn)
		case i%6 == 1:
			delete(a, "displayName")
			a["description"] = text("  of " + name + "  ")
		case i%6 == 3:
			a["mail"], a["mailNickname"] = text(name+"@contoso.com "), text(name)
			a["proxyAddresses"] = text("smtp:old-"+name+"@contoso.com", "SMTP:"+name+"@contoso.com", "SMTP:"+name+"@contoso.com ")
		case i%6 == 4:
			a["extensionAttribute1"], a["info"] = text(" one "), text(" note ")
		}
		if i%9 == 0 {
			a["managedBy"] = text(users[i].dn)
		}
		o := e.add("group", name, ou, a)
		groups = append(groups, o)
		if i%2 == 1 {
			e.cloud(o, "group", "Group", attrs{"cloudLegacyExchangeDN": text("/o=cloud/cn=" + name)})
		}
	}
	special := func(name string, a attrs) object {
		return e.add("group", name, ou, with(attrs{"sAMAccountName": text(name), "groupType": text("-2147483640"), "member": text(users[0].dn)}, a))
	}
	for i := range 4 {
		special(fmt.Sprintf("Role %d", i), attrs{"msExchRecipientTypeDetails": text(fmt.Sprint(roleBit))})
	}
	special("Domain Admins", attrs{"isCriticalSystemObject": text("TRUE")})
	special("Written back", attrs{"adminDescription": text("Group_5f7ad3f0")})
	special("MSOL_AD_Sync_RichCoexistence", nil)
	special("Twin\nCNF:"+guid(octets("twin group")), nil)
}

func (e *estate) devices() {
	for i := range 15 {
		name := fmt.Sprintf("PC%02d", i)
		a := attrs{"userAccountControl": text("4096"), "operatingSystem": text("Windows 11"), "operatingSystemVersion": text("10.0 (26100)")}
		if i%3 == 0 {
			a["userCertificate"] = text(octets("certificate " + name))
		}
		if i%4 == 0 {
			a["displayName"] = text("Computer " + name)
		}
		if i == 6 {
			a["userAccountControl"] = text("4098")
		}
		e.add("computer", name, "OU=Computers,"+corp, a)
	}
	for i := range 3 {
		e.add("msDS-Device", fmt.Sprint("device ", i), "CN=RegisteredDevices,"+corp, attrs{"msDS-DeviceID": text(octets(fmt.Sprint("device", i))), "msDS-CloudAnchor": text("x")})
	}
}

// foreigners are the shadows of accounts of other forests; the last is one of an
// account of this forest, which has an object here already.
func (e *estate) foreigners() {
	for i := range 6 {
		e.add("foreignSecurityPrincipal", sidText(999, uint32(3000+i)), "CN=ForeignSecurityPrincipals,"+corp, nil)
	}
	e.add("foreignSecurityPrincipal", sidText(111, 1001), "CN=ForeignSecurityPrincipals,"+corp, nil)
	e.entra.Add("servicePrincipal", guid(octets("app")), guid(octets("app")), Live)
}
