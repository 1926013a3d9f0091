package tenant

import "slices"

// permissions of application type, the sets that one of each operation needs.
// Least privileged first, as in Graph's documentation.
var (
	readGroups       = []string{"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	readGroupsFully  = []string{"Group.Read.All", "Directory.Read.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	writeGroups      = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	writeMembers     = []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	readUsers        = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeUsers       = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	readDevices      = []string{"Device.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readApplications = []string{"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readContacts     = []string{"OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readOrganization = []string{"Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readDirSync      = []string{"OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"}
	readHidden       = []string{"Member.Read.Hidden"}
)

// everyRole is what an identity has when Options.Roles is nil.
var everyRole = []string{
	"Application.Read.All", "Device.Read.All", "Directory.Read.All", "Group.ReadWrite.All",
	"OnPremDirectorySynchronization.Read.All", "OrgContact.Read.All", "Organization.Read.All", "User.ReadWrite.All",
}

// roles are the permissions in the tokens of the tenant.
func (t *Tenant) roles() []string {
	roles := t.opts.Roles
	if roles == nil {
		roles = everyRole
	}
	if t.opts.MemberReadHidden {
		roles = append(slices.Clone(roles), readHidden...)
	}
	if t.opts.WithoutUserRead {
		roles = slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return slices.Contains(readUsers, role) })
	}
	return roles
}

// grant works out what the identity may do.
func (t *Tenant) grant() {
	t.permissions = map[string]bool{}
	for _, role := range t.roles() {
		t.permissions[role] = true
	}
	for k, need := range [kindCount][]string{
		kindGroup: readGroups, kindUser: readUsers, kindServicePrincipal: readApplications, kindDevice: readDevices, kindContact: readContacts,
	} {
		t.readers[k] = t.may(need)
	}
}

// may reports whether the identity has one of the permissions.
func (t *Tenant) may(need []string) bool {
	return slices.ContainsFunc(need, func(p string) bool { return t.permissions[p] })
}
