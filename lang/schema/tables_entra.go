package schema

// Entra is the schema of an Entra connector space: Microsoft Graph's property
// names, those of Entra Connect's connector that differ, and what landfall
// derives. Times are RFC 3339 there and generalized time here.
var Entra = table("entra", graphAttributes+connectorAttributes)

const graphAttributes = `
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
	givenName                      text  types=user,contact
	surname                        text  types=user,contact
	jobTitle                       text  types=user
	department                     text  types=user,contact
	companyName                    text  types=user
	employeeId                     text  types=user
	employeeType                   text  types=user
	officeLocation                 text  types=user
	city                           text  types=user,contact
	state                          text  types=user,contact
	country                        text  types=user,contact
	postalCode                     text  types=user,contact
	streetAddress                  text  types=user,contact
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
`

// connectorAttributes are what rules of Entra Connect call by a name that Graph
// does not have: they exist only in its connector's private interface. Nothing is
// read into them, and what flows to them is evaluated and counted as not written.
const connectorAttributes = `
	alternativeSecurityId                   text multi derived
	altRecipient                            ref derived
	approximateLastLogonTimestamp           text derived
	assistant                               ref derived
	authOrig                                ref multi derived
	cloudAccountEnabled                     bool derived
	cloudCreated                            bool derived
	cloudDeviceOSType                       text derived
	cloudDeviceOSVersion                    text derived
	cloudDisplayName                        text derived
	cloudLegacyExchangeDN                   text derived
	cloudMSExchArchiveStatus                int derived
	cloudMSExchBlockedSendersHash           octets derived
	cloudMSExchDelegateListLink             ref multi derived
	cloudMSExchRecipientDisplayType         int derived
	cloudMSExchSafeRecipientsHash           octets derived
	cloudMSExchSafeSendersHash              octets derived
	cloudMSExchTeamMailboxExpiration        text derived
	cloudMSExchTeamMailboxOwners            ref multi derived
	cloudMSExchTeamMailboxSharePointUrl     text derived
	cloudMSExchUCVoiceMailSettings          text multi derived
	cloudMSExchUserHoldPolicies             text multi derived
	cloudPublicDelegates                    ref multi derived
	company                                 text derived
	countryCode                             int derived
	countryLetterCode                       text derived
	deviceObjectVersion                     int derived
	deviceOSType                            text derived
	deviceOSVersion                         text derived
	devicePhysicalIds                       text multi derived
	deviceTrustType                         text derived
	dirSyncOverrides                        int derived
	dLMemRejectPerms                        ref multi derived
	dLMemSubmitPerms                        ref multi derived
	dn                                      text derived
	dnsDomainName                           text derived
	export_password                         text derived
	facsimileTelephoneNumber                text derived
	hideDLMembership                        bool derived
	homePhone                               text derived
	info                                    text derived
	initials                                text derived
	ipPhone                                 text derived
	isCompliant                             bool derived
	isManaged                               bool derived
	lastPasswordChangeTimestamp             text derived
	legacyExchangeDN                        text derived
	managedBy                               ref derived
	manager                                 ref derived
	middleName                              text derived
	mobile                                  text derived
	msDsHabSeniorityIndex                   int derived
	msDsPhoneticDisplayName                 text derived
	msExchArchiveGuid                       octets derived
	msExchArchiveName                       text multi derived
	msExchAssistantName                     text derived
	msExchAuditAdmin                        int derived
	msExchAuditDelegate                     int derived
	msExchAuditDelegateAdmin                int derived
	msExchAuditOwner                        int derived
	msExchBlockedSendersHash                octets derived
	msExchBypassAudit                       bool derived
	msExchBypassModerationFromDLMembersLink ref multi derived
	msExchBypassModerationLink              ref multi derived
	msExchCoManagedByLink                   ref multi derived
	msExchDelegateListLink                  ref multi derived
	msExchElcExpirySuspensionEnd            text derived
	msExchElcExpirySuspensionStart          text derived
	msExchElcMailboxFlags                   int derived
	msExchEnableModeration                  bool derived
	msExchExtensionCustomAttribute1         text multi derived
	msExchExtensionCustomAttribute2         text multi derived
	msExchExtensionCustomAttribute3         text multi derived
	msExchExtensionCustomAttribute4         text multi derived
	msExchExtensionCustomAttribute5         text multi derived
	msExchGroupDepartRestriction            int derived
	msExchGroupJoinRestriction              int derived
	msExchHideFromAddressLists              bool derived
	msExchImmutableId                       text derived
	msExchLabeledURI                        text multi derived
	msExchLitigationHoldDate                text derived
	msExchLitigationHoldOwner               text derived
	msExchMailboxAuditEnable                bool derived
	msExchMailboxAuditLogAgeLimit           int derived
	msExchMailboxGuid                       octets derived
	msExchModeratedByLink                   ref multi derived
	msExchModerationFlags                   int derived
	msExchRecipientDisplayType              int derived
	msExchRecipientSoftDeletedStatus        int derived
	msExchRecipientTypeDetails              int derived
	msExchRemoteRecipientType               int derived
	msExchRequireAuthToSendTo               bool derived
	msExchResourceCapacity                  int derived
	msExchResourceDisplay                   text derived
	msExchResourceMetadata                  text multi derived
	msExchResourceSearchProperties          text multi derived
	msExchRetentionComment                  text derived
	msExchRetentionUrl                      text derived
	msExchSafeRecipientsHash                octets derived
	msExchSafeSendersHash                   octets derived
	msExchSenderHintTranslations            text multi derived
	msExchTeamMailboxExpiration             text derived
	msExchTeamMailboxOwners                 ref multi derived
	msExchTeamMailboxSharePointLinkedBy     ref derived
	msExchTeamMailboxSharePointUrl          text derived
	msExchTransportRecipientSettingsFlags   int derived
	msExchUserHoldPolicies                  text multi derived
	msOrgIsOrganizational                   bool derived
	msRtcSipApplicationOptions              int derived
	msRtcSipDeploymentLocator               text derived
	msRtcSipLine                            text derived
	msRtcSipOptionFlags                     int derived
	msRtcSipOwnerUrn                        text derived
	msRtcSipPrimaryUserAddress              text derived
	msRtcSipUserEnabled                     bool derived
	netBiosName                             text derived
	oOFReplyToOriginator                    bool derived
	otherFacsimileTelephoneNumber           text multi derived
	otherHomePhone                          text multi derived
	otherIpPhone                            text multi derived
	otherMobile                             text multi derived
	otherPager                              text multi derived
	otherTelephone                          text multi derived
	pager                                   text derived
	physicalDeliveryOfficeName              text derived
	postOfficeBox                           text multi derived
	publicDelegates                         ref multi derived
	registeredOwnerReference                ref derived
	registeredUsersReference                ref multi derived
	reportToOriginator                      bool derived
	reportToOwner                           bool derived
	searchableDeviceKey                     octets multi derived
	signInNames                             text multi derived
	stkDeviceKey                            octets multi derived
	targetAddress                           text derived
	telephoneAssistant                      text derived
	telephoneNumber                         text derived
	thumbnailPhoto                          octets derived
	title                                   text derived
	unauthOrig                              ref multi derived
	url                                     text multi derived
	userCertificate                         octets multi derived
	userSMIMECertificate                    octets multi derived
	wWWHomePage                             text derived
`
