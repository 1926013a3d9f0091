package forest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// syntax says how values of an attribute are checked and compared.
type syntax uint8

// The syntaxes of AD that occur here. Texts compare without case.
const (
	syntaxText syntax = iota
	syntaxExact
	syntaxBool
	syntaxInt
	syntaxInt64
	syntaxOctets
	syntaxSID
	syntaxTime
	syntaxOID
	syntaxReference
)

// attributeDef is one attribute of the directory's schema.
type attributeDef struct {
	name   string // lDAPDisplayName
	key    string // in lower case
	order  int    // place in the table
	syntax syntax
	multi  bool
	min    int // UTF-16 units, or octets
	max    int // 0 is unlimited
	// system attributes are the directory's own (systemOnly); owned ones belong
	// to the security accounts manager. Both refuse writes, with different codes.
	system bool
	owned  bool
	// kept attributes cannot be removed from an object that has them.
	kept bool
	// constructed attributes are computed, and returned only when asked for.
	constructed bool
	// secret attributes can be written and never read.
	secret bool
	// linked references disappear from view when either end is deleted.
	linked bool
	// back is the back link of a forward link, forward the reverse.
	back    *attributeDef
	forward *attributeDef
	// local attributes are not replicated.
	local bool
	// indexed attributes have an equality index.
	indexed bool
	// exchange attributes come with Exchange's schema extension.
	exchange bool
}

// schema is the directory's schema: attributes and classes by lower-case name.
type schema struct {
	attributes map[string]*attributeDef
	ordered    []*attributeDef
	classes    map[string]*class
	classList  []*class // in the table's order, parents first

	objectClass, objectCategory, objectGUID, objectSid, name, distinguishedName           *attributeDef
	member, memberOf, sAMAccountName, sAMAccountType, groupType, isDeleted, isRecycled    *attributeDef
	lastKnownParent, lastKnownRDN, userPrincipalName, description, adminDescription       *attributeDef
	uSNCreated, uSNChanged, whenCreated, whenChanged, instanceType, isCritical, cn        *attributeDef
	primaryGroupID, userAccountControl, managedBy, showInAdvancedViewOnly, enabledFeature *attributeDef
	attributeMetadata, valueMetadata                                                      *attributeDef
}

// indexedAttributes have an equality index: what joins, marks and look-ups ask for.
const indexedAttributes = " objectguid objectsid samaccountname admindescription userprincipalname mail proxyaddresses msds-externaldirectoryobjectid ms-ds-consistencyguid displayname "

// links lists the forward links with their back links; "-" is one that nobody
// asks for.
const links = `
	member memberOf
	managedBy managedObjects
	manager directReports
	msDS-EnabledFeature msDS-EnabledFeatureBL
	authOrig authOrigBL
	unauthOrig unauthOrigBL
	dLMemSubmitPerms dLMemSubmitPermsBL
	dLMemRejectPerms dLMemRejectPermsBL
	publicDelegates publicDelegatesBL
	altRecipient altRecipientBL
	msExchModeratedByLink msExchModeratedObjectsBL
	msExchCoManagedByLink msExchCoManagedObjectsBL
	msExchBypassModerationLink msExchBypassModerationBL
	msExchBypassModerationFromDLMembersLink msExchBypassModerationFromDLMembersBL
	msExchDelegateListLink msExchDelegateListBL
	msExchTeamMailboxOwners -
	nonSecurityMember nonSecurityMemberBL
	msDS-NonMembers msDS-NonMembersBL
`

// systemAttributes and ownedAttributes refuse writes (see attributeDef).
const (
	systemAttributes = " objectguid name distinguishedname whencreated whenchanged usnchanged usncreated isdeleted isrecycled lastknownparent msds-lastknownrdn instancetype systemflags ms-ds-creatorsid "
	ownedAttributes  = " objectsid samaccounttype sidhistory memberof iscriticalsystemobject "
	// keptAttributes are those that an account never loses.
	keptAttributes = " accountexpires codepage countrycode grouptype primarygroupid samaccountname useraccountcontrol "
)

// exchangeNames are the attributes of Exchange's schema extension that do not
// begin with msExch.
const exchangeNames = " mailnickname targetaddress authorig unauthorig dlmemsubmitperms dlmemrejectperms authorigbl unauthorigbl dlmemsubmitpermsbl dlmemrejectpermsbl publicdelegates publicdelegatesbl altrecipient altrecipientbl deliverandredirect hidedlmembership oofreplytooriginator reporttooriginator reporttoowner telephoneassistant "

// newSchema builds the tables. They are part of the program, so a mistake in
// them is found by the first test that runs.
// known is the planner's schema of AD, with what a configuration adds to it.
func newSchema(known *planner.Schema, withoutExchange bool) *schema {
	s := &schema{attributes: map[string]*attributeDef{}, classes: map[string]*class{}}
	s.addDirectoryAttributes()
	s.addKnownAttributes(known)
	s.linkAttributes()
	if withoutExchange {
		s.dropExchange()
	}
	for i, def := range s.ordered {
		def.order = i
	}
	s.nameAttributes()
	s.addClasses()
	s.placeOwn(known)
	return s
}

// addKnownAttributes takes over what the planner's schema knows of AD.
func (s *schema) addKnownAttributes(known *planner.Schema) {
	for _, name := range known.Names() {
		a, _ := known.Lookup(name)
		if s.attributes[strings.ToLower(name)] != nil || a.Derived || strings.EqualFold(name, "dn") {
			continue
		}
		def := &attributeDef{name: a.Name, multi: a.Multi, max: a.MaxLen}
		switch a.Syntax {
		case planner.SyntaxText:
			def.syntax = syntaxText
		case planner.SyntaxExact:
			def.syntax = syntaxExact
		case planner.SyntaxBool:
			def.syntax = syntaxBool
		case planner.SyntaxInt:
			def.syntax = syntaxInt
		case planner.SyntaxOctets:
			def.syntax = syntaxOctets
		case planner.SyntaxTime:
			def.syntax = syntaxTime
		case planner.SyntaxReference:
			def.syntax = syntaxReference
		}
		s.add(def)
	}
}

// placeOwn lets objects of every class have the attributes that a configuration
// adds to the planner's schema: it does not say whose they are.
func (s *schema) placeOwn(known *planner.Schema) {
	for _, name := range known.Names() {
		def := s.lookup(name)
		if _, common := planner.ADSchema.Lookup(name); common || def == nil {
			continue
		}
		for _, c := range s.classList {
			c.may[def] = true
		}
	}
}

func (s *schema) add(def *attributeDef) {
	def.key = strings.ToLower(def.name)
	word := " " + def.key + " "
	def.system = def.system || strings.Contains(systemAttributes, word)
	def.owned = def.owned || strings.Contains(ownedAttributes, word)
	def.kept = strings.Contains(keptAttributes, word)
	def.local = strings.Contains(localAttributes, word)
	def.indexed = strings.Contains(indexedAttributes, word)
	def.exchange = strings.Contains(exchangeNames, word) || strings.HasPrefix(def.key, "extensionattribute") ||
		strings.HasPrefix(def.key, "msexch") && def.key != "msexchassistantname"
	s.attributes[def.key] = def
	s.ordered = append(s.ordered, def)
}

// addDirectoryAttributes adds the attributes of attributeTable: those the
// planner does not know, and those of which AD's schema says more.
func (s *schema) addDirectoryAttributes() {
	syntaxes := map[string]syntax{"text": syntaxText, "exact": syntaxExact, "bool": syntaxBool, "int": syntaxInt,
		"int64": syntaxInt64, "octets": syntaxOctets, "sid": syntaxSID, "time": syntaxTime, "oid": syntaxOID, "ref": syntaxReference}
	for line := range strings.Lines(attributeTable) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		syn, ok := syntaxes[fields[1]]
		if !ok {
			panic(fmt.Sprintf("attribute table: %q: unknown syntax", line))
		}
		def := &attributeDef{name: fields[0], syntax: syn}
		for _, flag := range fields[2:] {
			name, arg, _ := strings.Cut(flag, "=")
			switch name {
			case "multi":
				def.multi = true
			case "system":
				def.system = true
			case "constructed":
				def.constructed = true
			case "secret":
				def.secret = true
			case "min":
				def.min, _ = strconv.Atoi(arg)
			case "max":
				def.max, _ = strconv.Atoi(arg)
			default:
				panic(fmt.Sprintf("attribute table: %q: unknown flag", line))
			}
		}
		s.add(def)
	}
}

func (s *schema) linkAttributes() {
	for line := range strings.Lines(links) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		forward := s.attributes[strings.ToLower(fields[0])]
		forward.linked = true
		if fields[1] == "-" {
			continue
		}
		back := s.attributes[strings.ToLower(fields[1])]
		if back == nil {
			back = &attributeDef{name: fields[1], syntax: syntaxReference, multi: true, system: true}
			s.add(back)
		}
		forward.back, back.forward = back, forward
	}
}

func (s *schema) dropExchange() {
	for key, def := range s.attributes {
		if def.exchange {
			delete(s.attributes, key)
		}
	}
	s.ordered = slices.DeleteFunc(s.ordered, func(def *attributeDef) bool { return def.exchange })
}

// nameAttributes gives names to the attributes that the code treats by name.
func (s *schema) nameAttributes() {
	for name, place := range map[string]**attributeDef{
		"objectclass": &s.objectClass, "objectcategory": &s.objectCategory, "objectguid": &s.objectGUID,
		"objectsid": &s.objectSid, "name": &s.name, "distinguishedname": &s.distinguishedName, "cn": &s.cn,
		"member": &s.member, "memberof": &s.memberOf, "samaccountname": &s.sAMAccountName,
		"samaccounttype": &s.sAMAccountType, "grouptype": &s.groupType, "isdeleted": &s.isDeleted,
		"isrecycled": &s.isRecycled, "lastknownparent": &s.lastKnownParent, "msds-lastknownrdn": &s.lastKnownRDN,
		"userprincipalname": &s.userPrincipalName, "description": &s.description,
		"admindescription": &s.adminDescription, "usncreated": &s.uSNCreated, "usnchanged": &s.uSNChanged,
		"whencreated": &s.whenCreated, "whenchanged": &s.whenChanged, "instancetype": &s.instanceType,
		"iscriticalsystemobject": &s.isCritical, "primarygroupid": &s.primaryGroupID,
		"useraccountcontrol": &s.userAccountControl, "managedby": &s.managedBy,
		"showinadvancedviewonly": &s.showInAdvancedViewOnly, "msds-enabledfeature": &s.enabledFeature,
		"msds-replattributemetadata": &s.attributeMetadata, "msds-replvaluemetadata": &s.valueMetadata,
	} {
		*place = s.attributes[name]
		if *place == nil {
			panic("schema without " + name)
		}
	}
}

// lookup finds an attribute by name, nil if the schema has none.
func (s *schema) lookup(name string) *attributeDef { return s.attributes[strings.ToLower(name)] }

// references reports whether the values are kept as references to objects;
// distinguishedName and objectCategory are derived instead.
func (d *attributeDef) references() bool {
	return d.syntax == syntaxReference && !d.constructed && d.key != "distinguishedname" && d.key != "objectcategory"
}
