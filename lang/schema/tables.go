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
	middleName                     text max=64
	telephoneAssistant             text max=64
	photo                          octets multi
	msRTCSIP-OriginatorSid         octets
	msExchBypassModerationFromDLMembersBL ref multi readonly
	msDS-CloudAnchor               octets types=msDS-Device
	msDS-DeviceID                  octets types=msDS-Device
	msDS-DeviceOSType              text max=1024 types=msDS-Device
	msDS-DeviceOSVersion           text max=512 types=msDS-Device
	msDS-DeviceObjectVersion       int types=msDS-Device
	msDS-DevicePhysicalIDs         text multi types=msDS-Device
	msDS-IsEnabled                 bool types=msDS-Device
	msDS-CloudIsEnabled            bool types=msDS-Device
	msDS-IsManaged                 bool types=msDS-Device
	msDS-CloudIsManaged            bool types=msDS-Device
	msDS-RegisteredOwner           octets types=msDS-Device
	msDS-RegisteredUsers           octets multi types=msDS-Device
	msDS-cloudExtensionAttribute1  text
	msDS-cloudExtensionAttribute2  text
	msDS-cloudExtensionAttribute3  text
	msDS-cloudExtensionAttribute4  text
	msDS-cloudExtensionAttribute5  text
	msDS-cloudExtensionAttribute6  text
	msDS-cloudExtensionAttribute7  text
	msDS-cloudExtensionAttribute8  text
	msDS-cloudExtensionAttribute9  text
	msDS-cloudExtensionAttribute10 text
	msDS-cloudExtensionAttribute11 text
	msDS-cloudExtensionAttribute12 text
	msDS-cloudExtensionAttribute13 text
	msDS-cloudExtensionAttribute14 text
	msDS-cloudExtensionAttribute15 text
	msDS-cloudExtensionAttribute16 text
	msDS-cloudExtensionAttribute17 text
	msDS-cloudExtensionAttribute18 text
	msDS-cloudExtensionAttribute19 text
	msDS-cloudExtensionAttribute20 text
`)
