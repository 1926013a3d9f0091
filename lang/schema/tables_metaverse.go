package schema

// Metaverse is the built-in schema of the metaverse; the types are person, group
// and device.
var Metaverse = table("metaverse", `
	accountEnabled                 bool
	accountName                    text
	alias                          text
	alternativeSecurityId          text multi
	altRecipient                   ref multi
	approximateLastLogonTimestamp  int
	assistant                      ref
	authOrig                       ref multi
	c                              text
	classification                 text
	cloudAccountEnabled            bool
	cloudAnchor                    text
	cloudCreated                   bool
	cloudDeviceOSType              text
	cloudDeviceOSVersion           text
	cloudDisplayName               text
	cloudFiltered                  bool
	cloudIsManaged                 bool
	cloudLegacyExchangeDN          text
	cloudMastered                  bool
	cloudMSExchArchiveStatus       int
	cloudMSExchBlockedSendersHash  octets
	cloudMSExchDelegateListLink    ref multi
	cloudMSExchRecipientDisplayType int
	cloudMSExchSafeRecipientsHash  octets
	cloudMSExchSafeSendersHash     octets
	cloudMSExchTeamMailboxExpiration text
	cloudMSExchTeamMailboxOwners   ref multi
	cloudMSExchTeamMailboxSharePointUrl text
	cloudMSExchUCVoiceMailSettings text multi
	cloudMSExchUserHoldPolicies    text multi
	cloudNoFlow                    bool
	cloudPublicDelegates           ref multi
	cloudSOAExchMailbox            bool
	cloudSourceAnchor              exact
	cn                             text
	co                             text
	comment                        text
	company                        text
	contributingConnectorExchange  text
	contributingConnectorUser      text
	countryCode                    int
	createdDateTime                time
	department                     text
	description                    text
	deviceId                       text
	deviceKey                      octets multi
	deviceObjectVersion            int
	deviceOSType                   text
	deviceOSVersion                text
	devicePhysicalIds              text multi
	deviceTrustType                text
	dirSyncOverrides               int
	displayName                    text
	distinguishedName              text
	division                       text
	dLMemRejectPerms               ref multi
	dLMemSubmitPerms               ref multi
	domain                         text
	domainFQDN                     text
	domainNetBios                  text
	employeeID                     text
	employeeType                   text
	extensionAttribute1            text
	extensionAttribute10           text
	extensionAttribute11           text
	extensionAttribute12           text
	extensionAttribute13           text
	extensionAttribute14           text
	extensionAttribute15           text
	extensionAttribute2            text
	extensionAttribute3            text
	extensionAttribute4            text
	extensionAttribute5            text
	extensionAttribute6            text
	extensionAttribute7            text
	extensionAttribute8            text
	extensionAttribute9            text
	facsimileTelephoneNumber       text
	forestFQDN                     text
	forestNetBios                  text
	givenName                      text
	groupType                      int
	groupTypes                     text  multi
	hideDLMembership               bool
	homePhone                      text
	info                           text
	initials                       text
	ipPhone                        text
	isAssignableToRole             bool
	isCompliant                    bool
	isManaged                      bool
	isProvisionedInAD              bool
	l                              text
	lastPasswordChangeTimestamp    int
	legacyExchangeDN               text
	mail                           text
	mailEnabled                    bool
	mailNickname                   text
	managedBy                      ref
	manager                        ref
	member                         ref   multi
	memberCount                    int
	membershipRule                 text
	middleName                     text
	mobile                         text
	msDS-HABSeniorityIndex         int
	msDS-PhoneticDisplayName       text
	msExchArchiveGUID              octets
	msExchArchiveName              text multi
	msExchArchiveStatus            int
	msExchAssistantName            text
	msExchAuditAdmin               int
	msExchAuditDelegate            int
	msExchAuditDelegateAdmin       int
	msExchAuditOwner               int
	msExchBlockedSendersHash       octets
	msExchBypassAudit              bool
	msExchBypassModerationFromDLMembersLink ref multi
	msExchBypassModerationLink     ref multi
	msExchCoManagedByLink          ref multi
	msExchDelegateListLink         ref multi
	msExchELCExpirySuspensionEnd   text
	msExchELCExpirySuspensionStart text
	msExchELCMailboxFlags          int
	msExchEnableModeration         bool
	msExchExtensionCustomAttribute1 text multi
	msExchExtensionCustomAttribute2 text multi
	msExchExtensionCustomAttribute3 text multi
	msExchExtensionCustomAttribute4 text multi
	msExchExtensionCustomAttribute5 text multi
	msExchGroupDepartRestriction   int
	msExchGroupJoinRestriction     int
	msExchHideFromAddressLists     bool
	msExchImmutableId              text
	msExchLabeledURI               text
	msExchLitigationHoldDate       text
	msExchLitigationHoldOwner      text
	msExchMailboxAuditEnable       bool
	msExchMailboxAuditLogAgeLimit  int
	msExchMailboxGuid              octets
	msExchMasterAccountSid         octets
	msExchModeratedByLink          ref multi
	msExchModerationFlags          int
	msExchRecipientDisplayType     int
	msExchRecipientTypeDetails     int
	msExchRemoteRecipientType      int
	msExchRequireAuthToSendTo      bool
	msExchResourceCapacity         int
	msExchResourceDisplay          text
	msExchResourceMetaData         text multi
	msExchResourceSearchProperties text multi
	msExchRetentionComment         text
	msExchRetentionURL             text
	msExchSafeRecipientsHash       octets
	msExchSafeSendersHash          octets
	msExchSenderHintTranslations   text multi
	msExchTeamMailboxExpiration    text
	msExchTeamMailboxOwners        ref multi
	msExchTeamMailboxSharePointLinkedBy ref
	msExchTeamMailboxSharePointUrl text
	msExchUCVoiceMailSettings      text multi
	msExchUserHoldPolicies         text multi
	msOrg-IsOrganizational         bool
	msRTCSIP-ApplicationOptions    int
	msRTCSIP-DeploymentLocator     text
	msRTCSIP-Line                  text
	msRTCSIP-OptionFlags           int
	msRTCSIP-OriginatorSid         octets
	msRTCSIP-OwnerUrn              text
	msRTCSIP-PrimaryUserAddress    text
	msRTCSIP-UserEnabled           bool
	o                              text
	objectID                       text
	objectSid                      octets
	objectSidString                text
	objectType                     text
	onPremisesGroupType            text
	onPremisesObjectIdentifier     text
	onPremisesUserPrincipalName    text
	oOFReplyToOriginator           bool
	otherFacsimileTelephoneNumber  text multi
	otherHomePhone                 text multi
	otherIpPhone                   text multi
	otherMailbox                   text multi
	otherMobile                    text multi
	otherPager                     text multi
	otherTelephone                 text multi
	ou                             text
	owner                          ref multi
	owners                         ref   multi
	pager                          text
	personalTitle                  text
	photo                          octets
	physicalDeliveryOfficeName     text
	postalAddress                  text
	postalCode                     text
	postOfficeBox                  text
	preferredDataLocation          text
	preferredLanguage              text
	proxyAddresses                 text  multi
	proxyAddressesIsValid          bool
	publicDelegates                ref multi
	pwdLastSet                     text
	reasonFiltered                 text
	registeredOwnerReference       ref
	registeredUsersReference       ref multi
	reportToOriginator             bool
	reportToOwner                  bool
	resourceProvisioningOptions    text  multi
	secretary                      ref
	securityEnabled                bool
	seeAlso                        ref
	sIDHistory                     octets multi
	sn                             text
	sourceAnchor                   exact
	sourceAnchorBinary             octets
	sourceObjectType               text
	st                             text
	street                         text
	streetAddress                  text
	targetAddress                  text
	targetWritebackType            text
	telephoneAssistant             text
	telephoneNumber                text
	thumbnailPhoto                 octets
	title                          text
	uid                            text
	unauthOrig                     ref multi
	url                            text
	usageLocation                  text
	userCertificate                octets multi
	userPrincipalName              text
	userSMIMECertificate           octets multi
	userType                       text
	visibility                     text
	wWWHomePage                    text
`)
