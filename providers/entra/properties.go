package entra

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// The object types of the space.
const (
	kindGroup            = "group"
	kindUser             = "user"
	kindDevice           = "device"
	kindServicePrincipal = "servicePrincipal"
	kindContact          = "contact"
	kindOther            = "other"
)

// The attributes that this package itself refers to.
const (
	attrEnabled       = "writebackConfiguration/isEnabled"
	attrGroupType     = "writebackConfiguration/onPremisesGroupType"
	attrSynchronised  = "onPremisesSyncEnabled"
	attrVisibility    = "visibility"
	attrMember        = "member"
	attrOwners        = "owners"
	extensionProperty = "onPremisesExtensionAttributes"
)

// kindOf is the object type for Graph's "#microsoft.graph.user".
func kindOf(odataType string) string {
	for _, kind := range []string{kindUser, kindGroup, kindDevice, kindServicePrincipal, kindContact} {
		if c, _ := collectionOf(kind); strings.TrimPrefix(odataType, "#microsoft.graph.") == c.graphType {
			return kind
		}
	}
	return kindOther
}

// collection is where objects of one type are found in Graph.
type collection struct {
	path       string // entity set
	graphType  string // in getByIds
	plural     string // for people
	permission string // least privileged
}

func collectionOf(kind string) (collection, bool) {
	switch kind {
	case kindGroup:
		return collection{"groups", "group", "groups", "GroupMember.Read.All"}, true
	case kindUser:
		return collection{"users", "user", "users", "User.Read.All"}, true
	case kindDevice:
		return collection{"devices", "device", "devices", "Device.Read.All"}, true
	case kindServicePrincipal:
		return collection{"servicePrincipals", "servicePrincipal", "service principals", "Application.Read.All"}, true
	case kindContact:
		return collection{"contacts", "orgContact", "contacts", "OrgContact.Read.All"}, true
	}
	return collection{}, false
}

// existing lists, for each object type, the attributes of the schema that exist
// in Graph's metadata, without the extension attributes. Asking for another one
// fails the whole request.
func existing(kind string) string {
	switch kind {
	case kindGroup:
		return `id displayName description mail mailNickname mailEnabled securityEnabled securityIdentifier
			proxyAddresses groupTypes visibility classification createdDateTime deletedDateTime renewedDateTime
			expirationDateTime membershipRule membershipRuleProcessingState preferredDataLocation preferredLanguage
			theme isAssignableToRole isManagementRestricted uniqueName resourceProvisioningOptions
			resourceBehaviorOptions onPremisesSyncEnabled onPremisesSecurityIdentifier onPremisesSamAccountName
			onPremisesDomainName onPremisesNetBiosName onPremisesLastSyncDateTime
			writebackConfiguration/isEnabled writebackConfiguration/onPremisesGroupType`
	case kindUser:
		return `id displayName mail mailNickname proxyAddresses createdDateTime deletedDateTime preferredLanguage
			isManagementRestricted securityIdentifier onPremisesSyncEnabled onPremisesSecurityIdentifier
			onPremisesSamAccountName onPremisesDomainName onPremisesLastSyncDateTime onPremisesDistinguishedName
			onPremisesImmutableId onPremisesUserPrincipalName userPrincipalName userType accountEnabled givenName
			surname jobTitle department companyName employeeId employeeType officeLocation city state country
			postalCode streetAddress usageLocation mobilePhone businessPhones faxNumber otherMails imAddresses`
	case kindDevice:
		return `id displayName deletedDateTime isManagementRestricted onPremisesSyncEnabled
			onPremisesSecurityIdentifier onPremisesLastSyncDateTime accountEnabled deviceId operatingSystem trustType`
	case kindServicePrincipal:
		return `id displayName description deletedDateTime accountEnabled appId servicePrincipalType`
	case kindContact:
		return `id displayName mail mailNickname proxyAddresses deletedDateTime onPremisesSyncEnabled
			onPremisesLastSyncDateTime department givenName surname`
	}
	return "id"
}

// always lists what is read of each type besides the requested attributes: what
// derived attributes are made of, what tells a synchronised object from another,
// and a name for messages.
func always(kind string) string {
	switch kind {
	case kindGroup:
		return "displayName mailNickname groupTypes visibility onPremisesSyncEnabled onPremisesSecurityIdentifier"
	case kindUser:
		return `displayName userPrincipalName mail mailNickname userType onPremisesSyncEnabled
			onPremisesImmutableId onPremisesSecurityIdentifier`
	case kindDevice:
		return "displayName deviceId onPremisesSyncEnabled onPremisesSecurityIdentifier"
	case kindServicePrincipal:
		return "displayName"
	case kindContact:
		return "displayName mail mailNickname onPremisesSyncEnabled"
	}
	return ""
}

// view is what is read of the objects of one type.
type view struct {
	kind    string
	attrs   []planner.Attribute
	selects []string // $select
	beta    bool     // only beta knows one of them
}

// newView is the view that a request asks for.
func newView(s *planner.Schema, kind string, requested []string) view {
	v := view{kind: kind, selects: []string{"id"}}
	known := strings.Fields(existing(kind))
	names := append(strings.Fields(always(kind)), requested...)
	if slices.ContainsFunc(requested, needsWriteback) {
		names = append(names, attrEnabled, attrGroupType)
	}
	seen := map[string]bool{"id": true}
	for _, name := range names {
		a, ok := s.Lookup(name)
		if !ok || seen[a.Name] || !exists(a, kind, known) {
			continue
		}
		seen[a.Name] = true
		v.attrs = append(v.attrs, a)
		v.beta = v.beta || a.Beta
		if property, _ := place(a.Name); !slices.Contains(v.selects, property) {
			v.selects = append(v.selects, property)
		}
	}
	slices.Sort(v.selects)
	return v
}

// needsWriteback reports whether an attribute is part of the writeback state, or
// derived from it.
func needsWriteback(attr string) bool {
	switch strings.ToLower(attr) {
	case strings.ToLower(attrEnabled), strings.ToLower(attrGroupType), "targetwritebacktype", "reasonfiltered":
		return true
	}
	return false
}

func exists(a planner.Attribute, kind string, known []string) bool {
	if a.Derived || a.Syntax == planner.SyntaxReference {
		return false
	}
	if property, _ := place(a.Name); property == extensionProperty {
		return kind == kindGroup || kind == kindUser
	}
	return slices.Contains(known, a.Name)
}

// place is where an attribute stands in an object of Graph: a property, and for
// complex ones the member within.
func place(attr string) (property, member string) {
	if strings.HasPrefix(attr, "extensionAttribute") {
		return extensionProperty, attr
	}
	property, member, _ = strings.Cut(attr, "/")
	return property, member
}
