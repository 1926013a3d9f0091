package forest

// attributeTable has one attribute a line: NAME SYNTAX [multi] [system]
// [constructed] [secret] [min=N] [max=N]. Entries win over the planner's. The
// order is the one in which "*" returns attributes.
const attributeTable = `
	objectClass                   oid    multi
	cn                            text   max=64
	ou                            text   multi max=64
	dc                            text   max=255
	sn                            text   max=64
	description                   text   multi max=1024
	userCertificate               octets multi max=32768
	givenName                     text   max=64
	distinguishedName             ref    system
	instanceType                  int    system
	whenCreated                   time   system
	whenChanged                   time   system
	uSNCreated                    int64  system
	isDeleted                     bool   system
	isRecycled                    bool   system
	lastKnownParent               ref    system
	msDS-LastKnownRDN             text   system max=255
	uSNChanged                    int64  system
	name                          text   system max=255
	objectGUID                    octets system min=16 max=16
	objectSid                     sid    min=8 max=68
	sIDHistory                    sid    multi
	mS-DS-CreatorSID              sid    system
	sAMAccountName                text   max=256
	objectCategory                ref    system
	isCriticalSystemObject        bool
	systemFlags                   int    system
	showInAdvancedViewOnly        bool
	dSCorePropagationData         time   multi system
	accountExpires                int64
	lockoutTime                   int64
	pwdLastSet                    int64
	lastLogon                     int64
	lastLogoff                    int64
	lastLogonTimestamp            int64
	badPasswordTime               int64
	badPwdCount                   int
	logonCount                    int
	codePage                      int    max=65535
	countryCode                   int    max=65535
	userSMIMECertificate          octets multi max=32768
	displayNamePrintable          exact  max=256
	mS-DS-ConsistencyGuid         octets
	msDS-ExternalDirectoryObjectId text  max=256
	msDS-PhoneticDisplayName      text   max=256
	msDS-PhoneticFirstName        text   max=64
	msDS-PhoneticLastName         text   max=64
	msDS-PhoneticDepartment       text   max=64
	msDS-PhoneticCompanyName      text   max=64
	msDS-SupportedEncryptionTypes int
	msExchAssistantName           text   max=256
	msExchMailboxGuid             octets min=16 max=16
	msExchArchiveGUID             octets min=16 max=16
	msExchRecipientTypeDetails    int64
	unicodePwd                    octets secret
	userPassword                  octets multi secret max=128
	homeDirectory                 text
	homeDrive                     text
	profilePath                   text
	scriptPath                    text
	userWorkstations              text   max=1024
	userParameters                text   max=32767
	logonHours                    octets
	loginShell                    exact  max=1024
	unixHomeDirectory             exact  max=2048
	uid                           text   multi
	uidNumber                     int
	gidNumber                     int
	msDS-DeviceID                 octets max=16
	msDS-RegisteredOwner          octets
	msDS-RegisteredUsers          octets multi
	memberUid                     exact  multi
	middleName                    text   max=64
	generationQualifier           text   max=64
	personalTitle                 text   max=64
	roomNumber                    text   multi
	houseIdentifier               text   multi max=32768
	homePostalAddress             text   max=4096
	postalAddress                 text   multi max=4096
	street                        text   max=1024
	o                             text   multi max=64
	businessCategory              text   multi max=128
	carLicense                    text   multi
	labeledURI                    text   multi
	jpegPhoto                     octets multi
	seeAlso                       ref    multi
	serialNumber                  exact  multi max=64
	altSecurityIdentities         text   multi
	networkAddress                text   multi max=256
	location                      text   max=1024
	operatingSystemServicePack    text
	operatingSystemHotfix         text
	localPolicyFlags              int
	rid                           int
	groupAttributes               int
	desktopProfile                text
	revision                      int
	flags                         int
	objectVersion                 int
	gPLink                        text
	gPOptions                     int
	uPNSuffixes                   text   multi
	nTMixedDomain                 int
	msDS-Behavior-Version         int    system
	fSMORoleOwner                 ref
	forceLogoff                   int64
	lockoutDuration               int64
	lockOutObservationWindow      int64
	lockoutThreshold              int    max=65535
	maxPwdAge                     int64
	minPwdAge                     int64
	minPwdLength                  int
	modifiedCountAtLastProm       int64
	nextRid                       int
	pwdProperties                 int
	pwdHistoryLength              int    max=65535
	serverState                   int
	uASCompat                     int
	auditingPolicy                octets
	creationTime                  int64
	ms-DS-MachineAccountQuota     int
	msDS-AllUsersTrustQuota       int
	nCName                        ref    system
	dnsRoot                       text   multi max=255
	nETBIOSName                   text   max=16
	trustParent                   ref
	msDS-EnabledFeature           ref    multi system
	msDS-OptionalFeatureGUID      octets system max=16
	msDS-OptionalFeatureFlags     int    system
	msDS-RequiredForestBehaviorVersion int system
	tombstoneLifetime             int
	invocationId                  octets system min=16 max=16
	serverReference               ref
	options                       int
	msDS-DeletedObjectLifetime    int
	dSHeuristics                  text
	schemaVersion                 int    multi
	nonSecurityMember             ref    multi
	msDS-NonMembers               ref    multi
	lDAPDisplayName               text   max=256
	attributeID                   oid    system
	attributeSyntax               oid    system
	oMSyntax                      int    system
	isSingleValued                bool   system
	rangeLower                    int
	rangeUpper                    int
	linkID                        int    system
	searchFlags                   int
	schemaIDGUID                  octets system max=16
	systemOnly                    bool   system
	isMemberOfPartialAttributeSet bool
	governsID                     oid    system
	subClassOf                    oid    system
	objectClassCategory           int    system
	rDNAttID                      oid    system
	mayContain                    oid    multi
	mustContain                   oid    multi
	systemMayContain              oid    multi system
	systemMustContain             oid    multi system
	auxiliaryClass                oid    multi
	systemAuxiliaryClass          oid    multi system
	possSuperiors                 oid    multi
	systemPossSuperiors           oid    multi system
	defaultObjectCategory         ref
	defaultHidingValue            bool
	primaryGroupToken             int    constructed system
	canonicalName                 text   constructed system multi
	createTimeStamp               time   constructed system
	modifyTimeStamp               time   constructed system
	structuralObjectClass         oid    constructed system multi
	subSchemaSubEntry             ref    constructed system
	allowedAttributes             oid    constructed system multi
	allowedAttributesEffective    oid    constructed system multi
	allowedChildClasses           oid    constructed system multi
	allowedChildClassesEffective  oid    constructed system multi
	sDRightsEffective             int    constructed system
	msDS-PrincipalName            text   constructed system
	nTSecurityDescriptor          octets constructed system
	msDS-ReplAttributeMetaData    text   constructed system multi
	msDS-ReplValueMetaData        text   constructed system multi
`
