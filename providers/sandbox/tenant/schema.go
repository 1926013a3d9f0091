package tenant

import (
	"fmt"
	"strings"
)

// kind is an entity type of Graph that a tenant holds.
type kind uint8

const (
	kindGroup kind = iota
	kindUser
	kindServicePrincipal
	kindDevice
	kindContact
	kindCount
)

// allKinds are the kinds in the order of the file.
var allKinds = []kind{kindGroup, kindUser, kindServicePrincipal, kindDevice, kindContact}

// entity describes one kind.
type entity struct {
	kind       kind
	name       string // Graph's entity type, "group"
	resource   string // as Graph's messages name it, "Group"
	set        string // entity set and path segment, "groups"
	properties []property
	byName     map[string]int // lower case → index into properties
	exact      map[string]int // as spelt → index
}

// property describes one property of an entity.
type property struct {
	name string
	// typ is the type in Graph's metadata: Edm.String, Collection(Edm.String),
	// graph.assignedLicense, …
	typ        string
	collection bool
	// elem is typ without Collection().
	elem string

	defaultV1   bool // returned by v1.0 when $select is absent
	defaultBeta bool
	betaOnly    bool // v1.0 does not know it
	single      bool // only when one object is read, not in lists
	writable    bool
	mastered    bool // refused on objects that are synchronised from on-premises
	filter      support
	endsWith    bool
	orderBy     support
}

// support says which queries an option works in.
type support uint8

const (
	never    support = iota
	always           // any query
	advanced         // ConsistencyLevel: eventual and $count=true
)

// entities are the kinds with their properties, indexed by kind. Flags:
//
//	d returned by default    b returned by default in beta only
//	B beta only              1 only when one object is read
//	w writable               m mastered on-premises when synchronised
//	f filterable             F filterable in advanced queries
//	e endswith               o orderable    O orderable in advanced queries
var entities = [kindCount]*entity{
	table(kindGroup, "group", "Group", "groups", `
		id                            string   d f
		deletedDateTime               time     d F O
		accessType                    groupAccessType
		allowExternalSenders          bool     1
		assignedLabels                []assignedLabel
		assignedLicenses              []assignedLicense f
		autoSubscribeNewMembers       bool     1
		classification                string   d w f
		createdDateTime               time     d
		creationOptions               []string
		description                   string   d w m f
		displayName                   string   d w m f o
		expirationDateTime            time     d f
		groupTypes                    []string d f
		hideFromAddressLists          bool     1
		hideFromOutlookClients        bool     1
		infoCatalogs                  []string b f
		isAssignableToRole            bool     d f
		isManagementRestricted        bool     b
		licenseProcessingState        licenseProcessingState
		mail                          string   d f e
		mailEnabled                   bool     d f
		mailNickname                  string   d w m f
		membershipRule                string   d w f
		membershipRuleProcessingState string   d w f
		onPremisesDomainName          string   d
		onPremisesExtensionAttributes onPremisesExtensionAttributes F
		onPremisesLastSyncDateTime    time     d f
		onPremisesNetBiosName         string   d
		onPremisesProvisioningErrors  []onPremisesProvisioningError d f
		onPremisesSamAccountName      string   d f
		onPremisesSecurityIdentifier  string   d f
		onPremisesSyncEnabled         bool     d f
		organizationId                string   b
		preferredDataLocation         string   d w
		preferredLanguage             string   d w f
		proxyAddresses                []string d f e
		renewedDateTime               time     d f
		resourceBehaviorOptions       []string d
		resourceProvisioningOptions   []string d f
		securityEnabled               bool     d w m f
		securityIdentifier            string   d f
		serviceProvisioningErrors     []serviceProvisioningError d f
		theme                         string   d w
		uniqueName                    string   d f
		visibility                    string   d w
		writebackConfiguration        groupWritebackConfiguration b B w m
	`),
	table(kindUser, "user", "User", "users", `
		id                              string   d f
		deletedDateTime                 time     b F O
		accountEnabled                  bool     b w m f
		ageGroup                        string   b w f
		assignedLicenses                []assignedLicense b f
		assignedPlans                   []assignedPlan b f
		businessPhones                  []string d w m f
		city                            string   b w m f
		companyName                     string   b w m F
		consentProvidedForMinor         string   b w f
		country                         string   b w m f
		createdDateTime                 time     b f O
		creationType                    string   b f
		department                      string   b w m f
		displayName                     string   d w m f o
		employeeHireDate                time     b w m F
		employeeId                      string   b w m f
		employeeLeaveDateTime           time
		employeeOrgData                 employeeOrgData b w m
		employeeType                    string   b w m F
		externalUserState               string   b f
		externalUserStateChangeDateTime time     b
		faxNumber                       string   b w m f
		givenName                       string   d w m f
		identities                      []objectIdentity b f
		imAddresses                     []string b f
		isManagementRestricted          bool     b
		isResourceAccount               bool     b f
		jobTitle                        string   d w m f
		lastPasswordChangeDateTime      time
		legalAgeGroupClassification     string   b
		licenseAssignmentStates         []licenseAssignmentState
		mail                            string   d w m f e
		mailNickname                    string   b w m f
		mobilePhone                     string   d w m F
		officeLocation                  string   d w m F
		onPremisesDistinguishedName     string   b
		onPremisesDomainName            string   b
		onPremisesExtensionAttributes   onPremisesExtensionAttributes b w m F
		onPremisesImmutableId           string   b w m F
		onPremisesLastSyncDateTime      time     b F
		onPremisesProvisioningErrors    []onPremisesProvisioningError b
		onPremisesSamAccountName        string   b F
		onPremisesSecurityIdentifier    string   b f
		onPremisesSyncEnabled           bool     b f
		onPremisesUserPrincipalName     string   b f
		otherMails                      []string b w f e
		passwordPolicies                string   b w F
		passwordProfile                 passwordProfile b
		postalCode                      string   b w m F
		preferredDataLocation           string   b w
		preferredLanguage               string   d w F
		provisionedPlans                []provisionedPlan b
		proxyAddresses                  []string b f e
		securityIdentifier              string   b
		serviceProvisioningErrors       []serviceProvisioningError b
		showInAddressList               bool     b F
		signInSessionsValidFromDateTime time     b
		state                           string   b w m f
		streetAddress                   string   b w m F
		surname                         string   d w m f
		usageLocation                   string   b w f
		userPrincipalName               string   d w m f e o
		userType                        string   b w f
	`),
	table(kindServicePrincipal, "servicePrincipal", "ServicePrincipal", "servicePrincipals", `
		id                                 string   d f
		deletedDateTime                    time     d F O
		accountEnabled                     bool     d f
		alternativeNames                   []string d f
		appDescription                     string   d
		appDisplayName                     string   d
		appId                              string   d f
		applicationTemplateId              string   d f
		appOwnerOrganizationId             guid     d
		appRoleAssignmentRequired          bool     d
		appRoles                           []appRole d
		description                        string   d
		disabledByMicrosoftStatus          string   d
		displayName                        string   d f O
		homepage                           string   d
		info                               informationalUrl d
		keyCredentials                     []keyCredential d
		loginUrl                           string   d
		logoutUrl                          string   d
		notes                              string   d
		notificationEmailAddresses         []string d
		oauth2PermissionScopes             []permissionScope d
		passwordCredentials                []passwordCredential d
		preferredSingleSignOnMode          string   d
		preferredTokenSigningKeyThumbprint string   d
		replyUrls                          []string d
		resourceSpecificApplicationPermissions []resourceSpecificPermission d
		samlSingleSignOnSettings           samlSingleSignOnSettings d
		servicePrincipalNames              []string d f
		servicePrincipalType               string   d f
		signInAudience                     string   d
		tags                               []string d f
		tokenEncryptionKeyId               guid     d
		verifiedPublisher                  verifiedPublisher d
	`),
	table(kindDevice, "device", "Device", "devices", `
		id                            string   d f
		deletedDateTime               time     d F O
		accountEnabled                bool     d f
		alternativeSecurityIds        []alternativeSecurityId d
		approximateLastSignInDateTime time     d f O
		complianceExpirationDateTime  time     d
		deviceCategory                string   d
		deviceId                      string   d f
		deviceMetadata                string   d
		deviceOwnership               string   d
		deviceVersion                 int32    d
		displayName                   string   d f O
		enrollmentProfileName         string   d
		enrollmentType                string   d
		isCompliant                   bool     d f
		isManaged                     bool     d f
		isManagementRestricted        bool
		isRooted                      bool     d
		managementType                string   d
		manufacturer                  string   d
		mdmAppId                      string   d f
		model                         string   d
		onPremisesLastSyncDateTime    time     d f
		onPremisesSecurityIdentifier  string
		onPremisesSyncEnabled         bool     d f
		operatingSystem               string   d f
		operatingSystemVersion        string   d f
		physicalIds                   []string d f
		profileType                   string   d f
		registrationDateTime          time     d f
		systemLabels                  []string d f
		trustType                     string   d f
	`),
	table(kindContact, "orgContact", "OrgContact", "contacts", `
		id                           string   d f
		deletedDateTime              time     d
		addresses                    []physicalOfficeAddress d
		companyName                  string   d f
		department                   string   d f
		displayName                  string   d f O
		givenName                    string   d f
		jobTitle                     string   d f
		mail                         string   d f
		mailNickname                 string   d f
		onPremisesLastSyncDateTime   time     d f
		onPremisesProvisioningErrors []onPremisesProvisioningError d
		onPremisesSyncEnabled        bool     d f
		phones                       []phone  d
		proxyAddresses               []string d f
		serviceProvisioningErrors    []serviceProvisioningError d
		surname                      string   d f
	`),
}

// undeclared are the properties that the metadata of Graph v1.0 does not
// declare, each with the reason why the tenant has it nevertheless.
var undeclared = map[string]string{
	"group.writebackConfiguration": "declared in the metadata of beta only",
	"group.creationOptions":        "returned by Graph under the open type group, declared nowhere; only on $select here",
}

// edm are the names of the table for types of the Entity Data Model.
var edm = map[string]string{
	"string": "Edm.String", "bool": "Edm.Boolean", "int32": "Edm.Int32",
	"time": "Edm.DateTimeOffset", "guid": "Edm.Guid", "binary": "Edm.Binary",
}

// typeName turns the table's spelling of a type into that of the metadata.
func typeName(word string) (typ, elem string, collection bool) {
	word, collection = strings.CutPrefix(word, "[]")
	elem, ok := edm[word]
	if !ok {
		elem = "graph." + word
	}
	if collection {
		return "Collection(" + elem + ")", elem, true
	}
	return elem, elem, false
}

// table reads the lines of one entity.
func table(k kind, name, resource, set, lines string) *entity {
	e := &entity{kind: k, name: name, resource: resource, set: set, byName: map[string]int{}, exact: map[string]int{}}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p := property{name: words[0]}
		p.typ, p.elem, p.collection = typeName(words[1])
		for _, flag := range words[2:] {
			p.setFlag(flag)
		}
		e.byName[strings.ToLower(p.name)], e.exact[p.name] = len(e.properties), len(e.properties)
		e.properties = append(e.properties, p)
	}
	return e
}

func (p *property) setFlag(flag string) {
	switch flag {
	case "d":
		p.defaultV1, p.defaultBeta = true, true
	case "b":
		p.defaultBeta = true
	case "B":
		p.betaOnly = true
	case "1":
		p.single = true
	case "w":
		p.writable = true
	case "m":
		p.mastered = true
	case "f":
		p.filter = always
	case "F":
		p.filter = advanced
	case "e":
		p.endsWith = true
	case "o":
		p.orderBy = always
	case "O":
		p.orderBy = advanced
	default:
		panic(fmt.Sprintf("property table: unknown flag %q of %s", flag, p.name))
	}
}

// lookup finds a property by name, as Graph does without regard to case.
func (e *entity) lookup(name string) int {
	if i, ok := e.byName[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

// index finds a property that the tables certainly have.
func (e *entity) index(name string) int {
	i := e.lookup(name)
	if i < 0 {
		panic("property table: " + e.name + " has no " + name)
	}
	return i
}

// field is one member of a complex type.
type field struct {
	name, typ, elem string
	collection      bool
}

// complexTypes are the complex types that properties have, by name in the
// metadata. Values of them are checked field by field.
var complexTypes = complexTable(`
	groupWritebackConfiguration   isEnabled:bool onPremisesGroupType:string
	onPremisesExtensionAttributes extensionAttribute1:string extensionAttribute2:string extensionAttribute3:string extensionAttribute4:string extensionAttribute5:string extensionAttribute6:string extensionAttribute7:string extensionAttribute8:string extensionAttribute9:string extensionAttribute10:string extensionAttribute11:string extensionAttribute12:string extensionAttribute13:string extensionAttribute14:string extensionAttribute15:string
	onPremisesProvisioningError   category:string occurredDateTime:time propertyCausingError:string value:string
	serviceProvisioningError      createdDateTime:time isResolved:bool serviceInstance:string
	assignedLabel                 displayName:string labelId:string
	assignedLicense               disabledPlans:[]guid skuId:guid
	assignedPlan                  assignedDateTime:time capabilityStatus:string service:string servicePlanId:guid
	licenseProcessingState        state:string
	employeeOrgData               costCenter:string division:string
	objectIdentity                issuer:string issuerAssignedId:string signInType:string
	licenseAssignmentState        assignedByGroup:string disabledPlans:[]guid error:string lastUpdatedDateTime:time skuId:guid state:string
	passwordProfile               forceChangePasswordNextSignIn:bool forceChangePasswordNextSignInWithMfa:bool password:string
	provisionedPlan               capabilityStatus:string provisioningStatus:string service:string
	alternativeSecurityId         identityProvider:string key:binary type:int32
	physicalOfficeAddress         city:string countryOrRegion:string officeLocation:string postalCode:string state:string street:string
	phone                         language:string number:string region:string type:phoneType
	appRole                       allowedMemberTypes:[]string description:string displayName:string id:guid isEnabled:bool origin:string value:string
	informationalUrl              logoUrl:string marketingUrl:string privacyStatementUrl:string supportUrl:string termsOfServiceUrl:string
	keyCredential                 customKeyIdentifier:binary displayName:string endDateTime:time key:binary keyId:guid startDateTime:time type:string usage:string
	permissionScope               adminConsentDescription:string adminConsentDisplayName:string id:guid isEnabled:bool origin:string type:string userConsentDescription:string userConsentDisplayName:string value:string
	passwordCredential            customKeyIdentifier:binary displayName:string endDateTime:time hint:string keyId:guid secretText:string startDateTime:time
	resourceSpecificPermission    description:string displayName:string id:guid isEnabled:bool value:string
	samlSingleSignOnSettings      relayState:string
	verifiedPublisher             addedDateTime:time displayName:string verifiedPublisherId:string
`)

// enumTypes are the enumerations that properties have, with their members.
var enumTypes = map[string][]string{
	"graph.groupAccessType": {"none", "private", "secret", "public", "unknownFutureValue"},
	"graph.phoneType":       {"home", "business", "mobile", "other", "assistant", "homeFax", "businessFax", "otherFax", "pager", "radio"},
}

func complexTable(lines string) map[string][]field {
	types := map[string][]field{}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var fields []field
		for _, word := range words[1:] {
			name, typ, _ := strings.Cut(word, ":")
			f := field{name: name}
			f.typ, f.elem, f.collection = typeName(typ)
			fields = append(fields, f)
		}
		types["graph."+words[0]] = fields
	}
	return types
}
