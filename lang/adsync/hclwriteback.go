package adsync

import "fmt"

// writeback is the pair of directories that group writeback connects: the one
// tenant, and the domain that the container lies in.
func (t *target) writeback() (entra, ad *hclProvider, ok bool) {
	container := t.value(settingContainer)
	for _, p := range t.providers {
		switch {
		case p.kind == "entra" && entra != nil:
			return nil, nil, false
		case p.kind == "entra":
			entra = p
		default:
			if part, known := mainPartition(p.connector); known && below(container, part.DN) && !sameDN(container, part.DN) {
				ad = p
			}
		}
	}
	return entra, ad, container != "" && entra != nil && ad != nil
}

// writebackFile declares the writeback that Entra Connect has a container for.
func (t *target) writebackFile() string {
	entra, ad, ok := t.writeback()
	if !ok {
		return ""
	}
	return comment("", "Group writeback. In Entra Connect an outbound rule with the link type Provision creates the groups, in the one container that the wizard asks for. Here a writeback block creates, names, moves and deletes them; the outbound rules flow their attributes.") +
		fmt.Sprintf(`
ou_mapping "group_writeback" {
root = %s
default = ""
}

writeback "group_writeback" {
object_type = "group"
from = %s
to = %s
ou = ou_mapping.group_writeback
unset = "write" # as Entra Connect: Microsoft 365 groups whose writeback state was never set, too
}
`, hclString(t.value(settingContainer)), entra.address(), ad.address())
}
