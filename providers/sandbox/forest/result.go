package forest

import (
	"fmt"
	"unicode/utf8"
)

// The result codes of LDAP that the server answers.
const (
	resultSuccess              = 0
	resultOperationsError      = 1
	resultProtocolError        = 2
	resultTimeLimit            = 3
	resultSizeLimit            = 4
	resultCompareFalse         = 5
	resultCompareTrue          = 6
	resultAuthMethod           = 7
	resultStrongAuthRequired   = 8
	resultCriticalExtension    = 12
	resultNoSuchAttribute      = 16
	resultUndefinedType        = 17
	resultInappropriateMatch   = 18
	resultConstraint           = 19
	resultValueExists          = 20
	resultInvalidSyntax        = 21
	resultNoSuchObject         = 32
	resultInvalidDN            = 34
	resultInvalidCredentials   = 49
	resultInsufficientAccess   = 50
	resultBusy                 = 51
	resultUnavailable          = 52
	resultUnwilling            = 53
	resultNamingViolation      = 64
	resultObjectClassViolation = 65
	resultNotAllowedOnNonLeaf  = 66
	resultNotAllowedOnRDN      = 67
	resultEntryExists          = 68
	resultClassModsProhibited  = 69
	resultOther                = 80
)

// refusal is the answer to a request that was not carried out: the result code,
// the nearest existing object, and a text shaped like AD's, which begins with
// the Windows error code in hexadecimal. Clients show it and some parse it.
type refusal struct {
	code    int
	matched string
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("result %d: %s", r.code, r.message) }

// The text forms of AD's diagnostic messages.

func updateError(code int, windows uint32, problem string) *refusal {
	return &refusal{code: code, message: fmt.Sprintf("%08X: UpdErr: DSID-031A11E2, problem %s, data 0\n\x00", windows, problem)}
}

func serviceError(code int, windows uint32, problem string) *refusal {
	return &refusal{code: code, message: fmt.Sprintf("%08X: SvcErr: DSID-031A1236, problem %s, data 0\n\x00", windows, problem)}
}

func attributeError(code int, windows uint32, problem string, attr string) *refusal {
	return &refusal{code: code, message: fmt.Sprintf("%08X: AtrErr: DSID-03153943, #1:\n\t0: %08X: DSID-03153943, problem %s, data 0, Att (%s)\n\x00",
		windows, windows, problem, attr)}
}

func nameError(code int, windows uint32, problem, matched string) *refusal {
	return &refusal{code: code, matched: matched, message: fmt.Sprintf("%08X: NameErr: DSID-0310028D, problem %s, data 0, best match of:\n\t'%s'\n\x00",
		windows, problem, matched)}
}

func ldapError(code int, windows uint32, comment string) *refusal {
	return &refusal{code: code, message: fmt.Sprintf("%08X: LdapErr: DSID-0C090FC7, comment: %s, data 0, v4563\x00", windows, comment)}
}

func errNoObject(matched string) *refusal {
	return nameError(resultNoSuchObject, 0x208D, "2001 (NO_OBJECT)", matched)
}

// errNoParent is for renames and restores; an add answers 32.
func errNoParent() *refusal {
	return serviceError(resultOther, 0x2089, "5003 (WILL_NOT_PERFORM)")
}

func errInvalidDN() *refusal {
	return nameError(resultInvalidDN, 0x208F, "2006 (BAD_NAME)", "")
}

func errEntryExists() *refusal {
	return updateError(resultEntryExists, 0x2071, "6005 (ENTRY_EXISTS)")
}

func errUnknownAttribute() *refusal {
	return ldapError(resultNoSuchAttribute, 0x57, "Error in attribute conversion operation")
}

func errSyntax(attr string) *refusal {
	return attributeError(resultInvalidSyntax, 0x200B, "1002 (INVALID_ATT_SYNTAX)", attr)
}

func errRange(attr string) *refusal {
	return attributeError(resultConstraint, 0x2082, "1005 (CONSTRAINT_ATT_TYPE)", attr)
}

func errSingleValued(attr string) *refusal {
	return attributeError(resultConstraint, 0x2081, "1005 (CONSTRAINT_ATT_TYPE)", attr)
}

func errValueExists(attr string) *refusal {
	return attributeError(resultValueExists, 0x2083, "1006 (ATT_OR_VALUE_EXISTS)", attr)
}

func errNoValue(attr string) *refusal {
	return attributeError(resultNoSuchAttribute, 0x2085, "1001 (NO_ATTRIBUTE_OR_VAL)", attr)
}

func errSystemOnly(attr string) *refusal {
	return attributeError(resultConstraint, 0x20B1, "1005 (CONSTRAINT_ATT_TYPE)", attr)
}

func errOwned() *refusal {
	return serviceError(resultUnwilling, 0x209A, "5003 (WILL_NOT_PERFORM)")
}

func errUnwilling(windows uint32) *refusal {
	return serviceError(resultUnwilling, windows, "5003 (WILL_NOT_PERFORM)")
}

func errObjectClass(windows uint32) *refusal {
	return updateError(resultObjectClassViolation, windows, "6002 (OBJ_CLASS_VIOLATION)")
}

func errAccess() *refusal {
	return &refusal{code: resultInsufficientAccess, message: "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n\x00"}
}

func errProtocol(comment string) *refusal {
	return ldapError(resultProtocolError, 0x57, comment)
}

func utf8Valid(s string) bool { return utf8.ValidString(s) }
