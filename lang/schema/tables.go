package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// table parses one attribute a line: NAME SYNTAX [multi] [readonly] [derived]
// [beta] [max=N] [types=a,b]. The tables below are part of the program, so a
// mistake in one is found by the first test that runs.
func table(kind, lines string) *Schema {
	syntaxes := map[string]Syntax{"text": Text, "exact": Exact, "bool": Bool, "int": Int, "octets": Octets, "time": Time, "ref": Reference}
	var attrs []Attribute
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		syntax, ok := syntaxes[fields[1]]
		if !ok {
			panic(fmt.Sprintf("schema %s: %q: unknown syntax", kind, line))
		}
		a := Attribute{Name: fields[0], Syntax: syntax}
		for _, flag := range fields[2:] {
			key, arg, _ := strings.Cut(flag, "=")
			switch key {
			case "multi":
				a.Multi = true
			case "readonly":
				a.ReadOnly = true
			case "derived":
				a.Derived, a.ReadOnly = true, true
			case "beta":
				a.Beta = true
			case "max":
				a.MaxLen, _ = strconv.Atoi(arg)
			case "types":
				a.Types = strings.Split(arg, ",")
			default:
				panic(fmt.Sprintf("schema %s: %q: unknown flag %q", kind, line, flag))
			}
		}
		attrs = append(attrs, a)
	}
	return New(kind, attrs...)
}

// AD is the schema of an Active Directory connector space: Windows Server 2016
// with Exchange, as far as groups and their possible members need it. Limits are
// AD's rangeUpper values.
var AD = table("ad", `
	dn                            text  readonly
	objectClass                   text  multi readonly
	objectGUID                    octets readonly
	objectSid                     octets readonly
	objectCategory                text  readonly
	name                          text  readonly
	cn                            text  max=64
	ou                            text  max=64 readonly types=organizationalUnit
	distinguishedName             text  readonly
	whenCreated                   time  readonly
	whenChanged                   time  readonly
	uSNChanged                    int   readonly
	uSNCreated                    int   readonly
	isCriticalSystemObject        bool  readonly
	isDeleted                     bool  readonly
	lastKnownParent               text  readonly
	adminCount                    int   readonly
	adminDescription              text  max=1024
	adminDisplayName              text  max=256
	sAMAccountName                text  max=256
	sAMAccountType                int   readonly
	groupType                     int   types=group
	description                   text  max=1024
	displayName                   text  max=256
	displayNamePrintable          text  max=256
	info                          text  max=1024
	wWWHomePage                   text  max=2048
	mail                          text  max=256
	mailNickname                  text  max=64
	proxyAddresses                text  multi max=1123
	targetAddress                 text  max=1123
	textEncodedORAddress          text  max=1024
	legacyExchangeDN              text
	showInAddressBook             ref   multi
	managedBy                     ref
	managedObjects                ref   multi readonly
	member                        ref   multi types=group
	memberOf                      ref   multi readonly
	primaryGroupID                int   readonly
	userPrincipalName             text  max=1024
	givenName                     text  max=64
	initials                      text  max=6
	sn                            text  max=64
	title                         text  max=128
	department                    text  max=64
	departmentNumber              text  multi
	division                      text  max=256
	company                       text  max=64
	physicalDeliveryOfficeName    text  max=128
	manager                       ref
	assistant                     ref
	secretary                     ref   multi
	employeeID                    text  max=16
	employeeNumber                text  max=512
	employeeType                  text  max=256
	streetAddress                 text  max=1024
	l                             text  max=128
	st                            text  max=128
	postalCode                    text  max=40
	postOfficeBox                 text  multi max=40
	c                             text  max=3
	co                            text  max=128
	countryCode                   int
	telephoneNumber               text  max=64
	otherTelephone                text  multi max=64
	homePhone                     text  max=64
	otherHomePhone                text  multi max=64
	mobile                        text  max=64
	otherMobile                   text  multi max=64
	pager                         text  max=64
	otherPager                    text  multi max=64
	facsimileTelephoneNumber      text  max=64
	otherFacsimileTelephoneNumber text  multi max=64
	ipPhone                       text  max=64
	otherIpPhone                  text  multi
	preferredLanguage             text
	url                           text  multi
	comment                       text
	userAccountControl            int
	accountExpires                int
	pwdLastSet                    int   readonly
	lockoutTime                   int
	thumbnailPhoto                octets max=102400
	userCertificate               octets multi
	userSMIMECertificate          octets multi
	extensionName                 text  multi max=255
	garbageCollPeriod             int
	sIDHistory                    octets multi readonly
	mS-DS-ConsistencyGuid         octets
	mS-DS-CreatorSID              octets readonly
	msDS-ExternalDirectoryObjectId text max=256
	msDS-KeyCredentialLink        text  multi
	msDS-HABSeniorityIndex        int
	msDS-PhoneticDisplayName      text
	msDS-PhoneticFirstName        text
	msDS-PhoneticLastName         text
	msDS-PhoneticDepartment       text
	msDS-PhoneticCompanyName      text
	dNSHostName                   text
	servicePrincipalName          text  multi
	operatingSystem               text
	operatingSystemVersion        text
	extensionAttribute1           text  max=1024
	extensionAttribute2           text  max=1024
	extensionAttribute3           text  max=1024
	extensionAttribute4           text  max=1024
	extensionAttribute5           text  max=1024
	extensionAttribute6           text  max=1024
	extensionAttribute7           text  max=1024
	extensionAttribute8           text  max=1024
	extensionAttribute9           text  max=1024
	extensionAttribute10          text  max=1024
	extensionAttribute11          text  max=2048
	extensionAttribute12          text  max=2048
	extensionAttribute13          text  max=2048
	extensionAttribute14          text  max=2048
	extensionAttribute15          text  max=2048
	authOrig                      ref   multi
	unauthOrig                    ref   multi
	dLMemSubmitPerms              ref   multi
	dLMemRejectPerms              ref   multi
	publicDelegates               ref   multi
	altRecipient                  ref
	deliverAndRedirect            bool
	hideDLMembership              bool
	oOFReplyToOriginator          bool
	reportToOriginator            bool
	reportToOwner                 bool
	msExchRecipientDisplayType    int
	msExchRecipientTypeDetails    int
	msExchRequireAuthToSendTo     bool
	msExchHideFromAddressLists    bool
	msExchEnableModeration        bool
	msExchModerationFlags         int
	msExchModeratedByLink         ref   multi
	msExchCoManagedByLink         ref   multi
	msExchBypassModerationLink    ref   multi
	msExchBypassModerationFromDLMembersLink ref multi
	msExchGroupDepartRestriction  int
	msExchGroupJoinRestriction    int
	msExchSenderHintTranslations  text  multi
	msExchRetentionComment        text
	msExchRetentionURL            text
	msExchMailboxGuid             octets
	msExchMasterAccountSid        octets
	msExchArchiveGUID             octets
	msExchArchiveName             text  multi
	msExchArchiveStatus           int
	msExchAssistantName           text
	msExchAuditAdmin              int
	msExchAuditDelegate           int
	msExchAuditOwner              int
	msExchDelegateListLink        ref   multi
	msExchELCExpirySuspensionEnd  time
	msExchELCExpirySuspensionStart time
	msExchELCMailboxFlags         int
	msExchImmutableId             text
	msExchLitigationHoldDate      time
	msExchLitigationHoldOwner     text
	msExchMailboxAuditEnable      bool
	msExchMailboxAuditLogAgeLimit int
	msExchResourceCapacity        int
	msExchResourceDisplay         text
	msExchResourceMetaData        text  multi
	msExchResourceSearchProperties text multi
	msExchSafeRecipientsHash      octets
	msExchSafeSendersHash         octets
	msExchBlockedSendersHash      octets
	msExchTeamMailboxExpiration   time
	msExchTeamMailboxOwners       ref   multi
	msExchTeamMailboxSharePointUrl text
	msExchUCVoiceMailSettings     text  multi
	msExchUserHoldPolicies        text  multi
	msExchUsageLocation           text
	msRTCSIP-ApplicationOptions   int
	msRTCSIP-DeploymentLocator    text
	msRTCSIP-Line                 text
	msRTCSIP-OptionFlags          int
	msRTCSIP-OwnerUrn             text
	msRTCSIP-PrimaryUserAddress   text
	msRTCSIP-UserEnabled          bool
`)

// Entra is the schema of an Entra connector space: Microsoft Graph's property
// names, those of Entra Connect's connector that differ, and what landfall
// derives. Times are RFC 3339 there and generalized time here.
var Entra = table("entra", `
	id                             exact readonly
	displayName                    text  max=256
	description                    text  max=1024
	mail                           text  readonly
	mailNickname                   text  max=64
	mailEnabled                    bool  readonly
	securityEnabled                bool
	securityIdentifier             text  readonly
	proxyAddresses                 text  multi readonly
	groupTypes                     text  multi readonly types=group
	visibility                     text  types=group
	classification                 text  types=group
	createdDateTime                time  readonly
	deletedDateTime                time  readonly
	renewedDateTime                time  readonly types=group
	expirationDateTime             time  readonly types=group
	membershipRule                 text  types=group
	membershipRuleProcessingState  text  types=group
	preferredDataLocation          text  types=group
	preferredLanguage              text
	theme                          text  types=group
	isAssignableToRole             bool  readonly types=group
	isManagementRestricted         bool  readonly
	uniqueName                     text  readonly types=group
	resourceProvisioningOptions    text  multi readonly types=group
	resourceBehaviorOptions        text  multi readonly types=group
	onPremisesSyncEnabled          bool  readonly
	onPremisesSecurityIdentifier   text  readonly
	onPremisesSamAccountName       text  readonly
	onPremisesDomainName           text  readonly
	onPremisesNetBiosName          text  readonly types=group
	onPremisesLastSyncDateTime     time  readonly
	onPremisesDistinguishedName    text  readonly types=user
	onPremisesImmutableId          exact readonly types=user
	onPremisesUserPrincipalName    text  readonly types=user
	userPrincipalName              text  readonly types=user
	userType                       text  readonly types=user
	accountEnabled                 bool  readonly types=user,device,servicePrincipal
	givenName                      text  types=user
	surname                        text  types=user
	jobTitle                       text  types=user
	department                     text  types=user
	companyName                    text  types=user
	employeeId                     text  types=user
	employeeType                   text  types=user
	officeLocation                 text  types=user
	city                           text  types=user
	state                          text  types=user
	country                        text  types=user
	postalCode                     text  types=user
	streetAddress                  text  types=user
	usageLocation                  text  types=user
	mobilePhone                    text  types=user
	businessPhones                 text  multi types=user
	faxNumber                      text  types=user
	otherMails                     text  multi types=user
	imAddresses                    text  multi readonly types=user
	deviceId                       text  readonly types=device
	operatingSystem                text  readonly types=device
	trustType                      text  readonly types=device
	appId                          text  readonly types=servicePrincipal
	servicePrincipalType           text  readonly types=servicePrincipal
	extensionAttribute1            text readonly
	extensionAttribute2            text readonly
	extensionAttribute3            text readonly
	extensionAttribute4            text readonly
	extensionAttribute5            text readonly
	extensionAttribute6            text readonly
	extensionAttribute7            text readonly
	extensionAttribute8            text readonly
	extensionAttribute9            text readonly
	extensionAttribute10           text readonly
	extensionAttribute11           text readonly
	extensionAttribute12           text readonly
	extensionAttribute13           text readonly
	extensionAttribute14           text readonly
	extensionAttribute15           text readonly
	writebackConfiguration/isEnabled           bool beta types=group
	writebackConfiguration/onPremisesGroupType text beta types=group
	member                         ref   multi readonly types=group
	owners                         ref   multi readonly types=group
	cloudAnchor                    text  derived
	cloudMastered                  bool  derived
	targetWritebackType            text  derived types=group
	reasonFiltered                 text  derived types=group
	memberCount                    int   derived types=group
	alias                          text  derived
	commonName                     text  derived
	sourceAnchor                   exact derived
	onPremiseSecurityIdentifier    text  derived
`)

// Metaverse is the built-in schema of the metaverse; the types are person, group
// and device.
var Metaverse = table("metaverse", `
	accountEnabled                 bool
	accountName                    text
	alias                          text
	c                              text
	cloudAnchor                    text
	cloudFiltered                  bool
	cloudMastered                  bool
	cloudNoFlow                    bool
	cloudSourceAnchor              exact
	cloudLegacyExchangeDN          text
	cn                             text
	co                             text
	company                        text
	department                     text
	description                    text
	deviceId                       text
	displayName                    text
	distinguishedName              text
	domainFQDN                     text
	domainNetBios                  text
	employeeID                     text
	extensionAttribute1            text
	extensionAttribute2            text
	extensionAttribute3            text
	extensionAttribute4            text
	extensionAttribute5            text
	extensionAttribute6            text
	extensionAttribute7            text
	extensionAttribute8            text
	extensionAttribute9            text
	extensionAttribute10           text
	extensionAttribute11           text
	extensionAttribute12           text
	extensionAttribute13           text
	extensionAttribute14           text
	extensionAttribute15           text
	givenName                      text
	groupType                      int
	groupTypes                     text  multi
	hideDLMembership               bool
	info                           text
	l                              text
	legacyExchangeDN               text
	mail                           text
	mailEnabled                    bool
	mailNickname                   text
	managedBy                      ref
	manager                        ref
	member                         ref   multi
	memberCount                    int
	mobile                         text
	msExchHideFromAddressLists     bool
	msExchRecipientDisplayType     int
	msExchRecipientTypeDetails     int
	msExchRequireAuthToSendTo      bool
	objectSid                      octets
	objectSidString                text
	oOFReplyToOriginator           bool
	onPremisesGroupType            text
	onPremisesObjectIdentifier     text
	owners                         ref   multi
	physicalDeliveryOfficeName     text
	postalCode                     text
	proxyAddresses                 text  multi
	reasonFiltered                 text
	reportToOriginator             bool
	reportToOwner                  bool
	securityEnabled                bool
	sn                             text
	sourceAnchor                   exact
	sourceAnchorBinary             octets
	st                             text
	streetAddress                  text
	targetAddress                  text
	targetWritebackType            text
	telephoneNumber                text
	title                          text
	usageLocation                  text
	userPrincipalName              text
	userType                       text
	visibility                     text
	classification                 text
	membershipRule                 text
	createdDateTime                time
	resourceProvisioningOptions    text  multi
	isAssignableToRole             bool
	preferredDataLocation          text
`)
