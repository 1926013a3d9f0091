package forest

import (
	"slices"
	"strconv"
	"strings"
)

// class is one object class with what it inherits.
type class struct {
	name     string
	key      string
	category string // common name of the classSchema object that is its objectCategory
	kind     string // structural, abstract or auxiliary
	rdn      *attributeDef
	// chain are the names from top down to this class, as objectClass lists them.
	chain     []string
	superiors map[string]bool // keys of classes that may be the parent
	must      map[*attributeDef]bool
	may       map[*attributeDef]bool
	// system objects cannot be added or changed over LDAP.
	system bool
	// principal classes have a SID and a sAMAccountName of their own.
	principal bool
}

// classTable has one paragraph a class. "may" names attributes of the schema
// beside what the parent and the auxiliary classes bring; mandatory ones that a
// domain controller fills in itself (objectSid, sAMAccountName …) stand under may.
const classTable = `
class top kind=abstract rdn=cn category=Top
may objectClass objectCategory instanceType cn url wWWHomePage whenCreated whenChanged uSNCreated uSNChanged
may systemFlags subSchemaSubEntry structuralObjectClass sDRightsEffective revision directReports name proxyAddresses
may objectVersion objectGUID distinguishedName mS-DS-ConsistencyGuid modifyTimeStamp managedObjects lastKnownParent
may memberOf isRecycled isDeleted isCriticalSystemObject showInAdvancedViewOnly fSMORoleOwner flags extensionName
may dSCorePropagationData displayNamePrintable displayName description createTimeStamp canonicalName
may allowedChildClassesEffective allowedChildClasses allowedAttributesEffective allowedAttributes adminDisplayName
may adminDescription msDS-EnabledFeatureBL msDS-LastKnownRDN msDS-PrincipalName nonSecurityMemberBL msDS-NonMembersBL
may authOrigBL unauthOrigBL dLMemSubmitPermsBL dLMemRejectPermsBL publicDelegatesBL altRecipientBL
may msExchModeratedObjectsBL msExchCoManagedObjectsBL msExchBypassModerationBL msExchBypassModerationFromDLMembersBL
may msExchDelegateListBL nTSecurityDescriptor msDS-ReplAttributeMetaData msDS-ReplValueMetaData

class mailRecipient kind=auxiliary parent=top category=Mail-Recipient
may msDS-ExternalDirectoryObjectId msDS-PhoneticDisplayName userSMIMECertificate secretary msExchAssistantName
may labeledURI userCertificate textEncodedORAddress telephoneNumber showInAddressBook legacyExchangeDN
may garbageCollPeriod info mailNickname targetAddress authOrig unauthOrig dLMemSubmitPerms dLMemRejectPerms
may publicDelegates altRecipient deliverAndRedirect hideDLMembership oOFReplyToOriginator reportToOriginator
may reportToOwner telephoneAssistant extensionAttribute* msExch* msRTCSIP-*

class securityPrincipal kind=auxiliary parent=top category=Security-Principal
may sAMAccountName objectSid sIDHistory sAMAccountType rid altSecurityIdentities

class posixGroup kind=auxiliary parent=top category=PosixGroup
may memberUid gidNumber description userPassword

class posixAccount kind=auxiliary parent=top category=PosixAccount
may description loginShell userPassword homeDirectory unixHomeDirectory gidNumber uidNumber uid

class msDS-CloudExtensions kind=auxiliary parent=top category=ms-DS-Cloud-Extensions
may msDS-cloudExtensionAttribute*

class samDomain kind=auxiliary parent=top category=Sam-Domain
may pwdProperties pwdHistoryLength nTMixedDomain nextRid nETBIOSName ms-DS-MachineAccountQuota msDS-AllUsersTrustQuota
may modifiedCountAtLastProm minPwdLength minPwdAge maxPwdAge lockoutThreshold lockoutDuration lockOutObservationWindow
may gPOptions gPLink desktopProfile creationTime auditingPolicy uASCompat serverState objectSid forceLogoff

class person kind=abstract parent=top rdn=cn category=Person superiors=organizationalUnit,container
may userPassword telephoneNumber sn serialNumber seeAlso

class organizationalPerson kind=abstract parent=person category=Person superiors=organizationalUnit,container
may msDS-HABSeniorityIndex msDS-PhoneticDisplayName msDS-PhoneticCompanyName msDS-PhoneticDepartment
may msDS-PhoneticLastName msDS-PhoneticFirstName houseIdentifier homePostalAddress comment title co street st
may postalCode postalAddress postOfficeBox thumbnailPhoto physicalDeliveryOfficeName pager otherPager otherTelephone
may mobile otherMobile ipPhone otherIpPhone otherHomePhone homePhone otherFacsimileTelephoneNumber personalTitle
may middleName ou o manager l initials givenName generationQualifier facsimileTelephoneNumber employeeID mail division
may department c countryCode company assistant streetAddress

class user parent=organizationalPerson aux=mailRecipient,securityPrincipal,posixAccount,msDS-CloudExtensions category=Person superiors=builtinDomain,organizationalUnit,domainDNS principal
may uid roomNumber preferredLanguage jpegPhoto photo employeeType employeeNumber departmentNumber carLicense
may msDS-KeyCredentialLink msDS-SupportedEncryptionTypes businessCategory userWorkstations userPrincipalName
may userParameters userAccountControl unicodePwd servicePrincipalName scriptPath pwdLastSet profilePath primaryGroupID
may networkAddress mS-DS-CreatorSID logonHours logonCount lockoutTime lastLogonTimestamp lastLogon lastLogoff homeDrive
may homeDirectory desktopProfile codePage badPwdCount badPasswordTime adminCount accountExpires

class inetOrgPerson parent=user category=Person superiors=organizationalUnit,container,domainDNS principal

class computer parent=user category=Computer superiors=container,organizationalUnit,domainDNS principal
may operatingSystemVersion operatingSystemServicePack operatingSystemHotfix operatingSystem managedBy location
may localPolicyFlags dNSHostName

class contact parent=organizationalPerson aux=mailRecipient category=Person superiors=organizationalUnit,domainDNS

class group parent=top rdn=cn aux=mailRecipient,securityPrincipal,posixGroup category=Group superiors=container,builtinDomain,organizationalUnit,domainDNS principal
must groupType
may primaryGroupToken nonSecurityMember msDS-NonMembers member managedBy groupAttributes mail desktopProfile adminCount

class organizationalUnit parent=top rdn=ou category=Organizational-Unit superiors=organizationalUnit,domainDNS
may userPassword uPNSuffixes co telephoneNumber street st seeAlso postalCode postalAddress postOfficeBox
may physicalDeliveryOfficeName managedBy l gPOptions gPLink facsimileTelephoneNumber desktopProfile countryCode c
may businessCategory ou

class container parent=top rdn=cn category=Container superiors=domainDNS,configuration,container,organizationalUnit,nTDSService
may schemaVersion

class msDS-DeviceContainer parent=top rdn=cn category=ms-DS-Device-Container superiors=domainDNS

class msDS-Device parent=top rdn=cn category=ms-DS-Device superiors=msDS-DeviceContainer
must displayName altSecurityIdentities msDS-DeviceID msDS-IsEnabled
may msDS-CloudAnchor msDS-CloudIsManaged msDS-CloudIsEnabled msDS-IsManaged msDS-DeviceObjectVersion
may msDS-RegisteredOwner msDS-RegisteredUsers msDS-DevicePhysicalIDs msDS-DeviceOSVersion msDS-DeviceOSType
may msDS-KeyCredentialLink

class foreignSecurityPrincipal parent=top rdn=cn category=Foreign-Security-Principal superiors=container
must objectSid

class domain kind=abstract parent=top rdn=dc category=Domain-DNS
may dc

class domainDNS parent=domain aux=samDomain category=Domain-DNS superiors=domainDNS system
may msDS-EnabledFeature msDS-Behavior-Version managedBy

class builtinDomain parent=top rdn=cn aux=samDomain category=Builtin-Domain superiors=domainDNS system

class lostAndFound parent=top rdn=cn category=Lost-And-Found superiors=configuration,domainDNS,dMD system

class configuration parent=top rdn=cn category=Configuration superiors=domainDNS system
may gPOptions gPLink

class crossRefContainer parent=top rdn=cn category=Cross-Ref-Container superiors=configuration system
may msDS-EnabledFeature uPNSuffixes msDS-Behavior-Version

class crossRef parent=top rdn=cn category=Cross-Ref superiors=crossRefContainer system
may nCName dnsRoot trustParent nTMixedDomain nETBIOSName msDS-Behavior-Version

class nTDSService parent=top rdn=cn category=NTDS-Service superiors=container system
may msDS-DeletedObjectLifetime tombstoneLifetime garbageCollPeriod dSHeuristics

class msDS-OptionalFeature parent=top rdn=cn category=ms-DS-Optional-Feature superiors=container system
may msDS-OptionalFeatureFlags msDS-OptionalFeatureGUID msDS-RequiredForestBehaviorVersion

class sitesContainer parent=top rdn=cn category=Sites-Container superiors=configuration system

class site parent=top rdn=cn category=Site superiors=sitesContainer system

class serversContainer parent=top rdn=cn category=Servers-Container superiors=site system

class server parent=top rdn=cn category=Server superiors=serversContainer system
may dNSHostName serverReference

class nTDSDSA parent=top rdn=cn category=NTDS-DSA superiors=server system
may invocationId msDS-Behavior-Version options

class dMD parent=top rdn=cn category=DMD superiors=configuration system

class attributeSchema parent=top rdn=cn category=Attribute-Schema superiors=dMD system
must lDAPDisplayName attributeID attributeSyntax oMSyntax isSingleValued
may systemOnly searchFlags rangeUpper rangeLower linkID isMemberOfPartialAttributeSet schemaIDGUID

class classSchema parent=top rdn=cn category=Class-Schema superiors=dMD system
must lDAPDisplayName governsID objectClassCategory subClassOf
may systemPossSuperiors systemOnly systemMustContain systemMayContain systemAuxiliaryClass rDNAttID possSuperiors
may mustContain mayContain defaultHidingValue auxiliaryClass defaultObjectCategory schemaIDGUID
`

// addClasses reads classTable; parents stand before their children there.
func (s *schema) addClasses() {
	var c *class
	for line := range strings.Lines(classTable) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		switch fields[0] {
		case "class":
			c = s.addClass(fields[1], fields[2:])
		case "must":
			s.addContents(c.must, fields[1:])
			s.addContents(c.may, fields[1:])
		case "may":
			s.addContents(c.may, fields[1:])
		default:
			panic("class table: " + line)
		}
	}
}

func (s *schema) addClass(name string, flags []string) *class {
	c := &class{name: name, key: strings.ToLower(name), kind: "structural", superiors: map[string]bool{},
		must: map[*attributeDef]bool{}, may: map[*attributeDef]bool{}}
	for _, flag := range flags {
		key, arg, _ := strings.Cut(flag, "=")
		switch key {
		case "kind":
			c.kind = arg
		case "parent":
			c.inherit(s.classes[strings.ToLower(arg)])
			c.chain = slices.Clone(s.classes[strings.ToLower(arg)].chain)
		case "aux":
			for _, a := range strings.Split(arg, ",") {
				c.inherit(s.classes[strings.ToLower(a)])
			}
		case "rdn":
			c.rdn = s.lookup(arg)
		case "category":
			c.category = arg
		case "superiors":
			for _, p := range strings.Split(arg, ",") {
				c.superiors[strings.ToLower(p)] = true
			}
		case "system":
			c.system = true
		case "principal":
			c.principal = true
		default:
			panic("class table: " + flag)
		}
	}
	c.chain = append(c.chain, name)
	s.classes[c.key] = c
	s.classList = append(s.classList, c)
	return c
}

func (c *class) inherit(from *class) {
	for def := range from.must {
		c.must[def] = true
	}
	for def := range from.may {
		c.may[def] = true
	}
	for key := range from.superiors {
		c.superiors[key] = true
	}
	if c.rdn == nil {
		c.rdn = from.rdn
	}
}

// addContents adds attributes by name or by prefix ("msExch*"). Names that the
// schema lacks are skipped: Exchange's may be missing.
func (s *schema) addContents(set map[*attributeDef]bool, names []string) {
	for _, name := range names {
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			for _, def := range s.ordered {
				if strings.HasPrefix(def.key, strings.ToLower(prefix)) {
					set[def] = true
				}
			}
		} else if def := s.lookup(name); def != nil {
			set[def] = true
		}
	}
}

// classOf finds the structural class and the additional auxiliary classes among
// the values of objectClass. When they make no object, problem says why.
func (s *schema) classOf(names []string) (structural *class, aux []*class, problem string) {
	var all []*class
	for _, name := range names {
		c := s.classes[strings.ToLower(name)]
		if c == nil {
			return nil, nil, "the schema has no class " + strconv.Quote(name)
		}
		all = append(all, c)
		if c.kind == "structural" && (structural == nil || c.is(structural.name)) {
			structural = c
		}
	}
	if structural == nil {
		return nil, nil, "no structural class"
	}
	for _, c := range all {
		switch {
		case c.kind == "auxiliary":
			if !slices.Contains(aux, c) {
				aux = append(aux, c)
			}
		case !structural.is(c.name):
			return nil, nil, c.name + " and " + structural.name + " at once"
		}
	}
	return structural, aux, ""
}

// is reports whether the class is the named one or descends from it.
func (c *class) is(name string) bool {
	for _, n := range c.chain {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
