"""Makes the domain that the tests copy: provision.py SMB.CONF SCHEMA PARAMETERS

SCHEMA is schema.txt, PARAMETERS a JSON object (see template.go). It works on
the database files; no server runs.
"""

import json
import logging
import sys
import uuid

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.provision import FILL_FULL, provision
from samba.samdb import SamDB

# name in schema.txt: attributeSyntax, oMSyntax
SYNTAXES = {
    "text": ("2.5.5.12", "64"),
    "bool": ("2.5.5.8", "1"),
    "int": ("2.5.5.9", "2"),
    "int64": ("2.5.5.16", "65"),
    "dn": ("2.5.5.1", "127"),
}
DS_DN_CLASS = bytes.fromhex("2b0c0287731c00854a")  # oMObjectClass of DN syntax

CLASS_GROUP = "bf967a9c-0de6-11d0-a285-00aa003049e2"
CLASS_OU = "bf967aa5-0de6-11d0-a285-00aa003049e2"
REANIMATE_TOMBSTONES = "45ec5156-db7e-47bb-b53f-dbeb2d03c40f"


def load_parm(conf):
    lp = LoadParm()
    lp.load(conf)
    return lp


def open_database(lp):
    return SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(lp), lp=lp)


def make_domain(conf, p):
    lp = load_parm(conf)
    # Access lists on sysvol would need file system support and further packages.
    provision(
        logging.getLogger("provision"), system_session(lp), smbconf=conf, lp=lp,
        realm=p["realm"], domain=p["domain"], domainsid=security.dom_sid(p["domain_sid"]),
        hostname="dc1", hostip="127.0.0.1", adminpass=p["password"],
        next_rid=p["first_rid"], samdb_fill=FILL_FULL, base_schema="2012_R2",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        serverrole="active directory domain controller",
        dns_backend="NONE", skip_sysvolacl=True, plaintext_secrets=True,
        backend_store="mdb", batch_mode=True)


def read_schema(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                yield line.split()


def attribute_schema(fields):
    name, cn, oid, syntax, limits, flags, link, guid = fields
    attribute_syntax, om_syntax = SYNTAXES[syntax]
    entry = {
        "objectClass": "attributeSchema",
        "lDAPDisplayName": name,
        "adminDisplayName": cn,
        "attributeID": oid,
        "attributeSyntax": attribute_syntax,
        "oMSyntax": om_syntax,
        "isSingleValued": "FALSE" if syntax == "dn" else "TRUE",
        "searchFlags": flags,
        "schemaIDGUID": uuid.UUID(guid).bytes_le,
        "showInAdvancedViewOnly": "TRUE",
    }
    if syntax == "dn":
        entry["oMObjectClass"] = DS_DN_CLASS
    if limits != "-":
        entry["rangeLower"], entry["rangeUpper"] = limits.split("-")
    if link != "-":
        entry["linkID"] = link
    return entry


def extend_schema(conf, path):
    lp = load_parm(conf)
    lp.set("dsdb:schema update allowed", "true")
    db = open_database(lp)
    schema_dn = str(db.get_schema_basedn())
    attributes = list(read_schema(path))

    db.transaction_start()
    for fields in attributes:
        entry = attribute_schema(fields)
        entry["dn"] = "CN=%s,%s" % (fields[1], schema_dn)
        db.add(entry)
    db.transaction_commit()
    db.set_schema_update_now()

    # Every back link may stand on every object; the rest on mail recipients.
    db.transaction_start()
    for class_cn, back in (("Mail-Recipient", False), ("Top", True)):
        names = [a[0] for a in attributes if is_back_link(a) == back]
        m = ldb.Message(ldb.Dn(db, "CN=%s,%s" % (class_cn, schema_dn)))
        m["mayContain"] = ldb.MessageElement(names, ldb.FLAG_MOD_ADD, "mayContain")
        db.modify(m)
    db.transaction_commit()
    db.set_schema_update_now()


def is_back_link(fields):
    return fields[6] != "-" and int(fields[6]) % 2 == 1


def add_accounts(conf, p):
    db = open_database(load_parm(conf))
    base = str(db.get_default_basedn())
    db.transaction_start()
    db.modify_ldif("dn: %s\nchangetype: modify\nreplace: maxPwdAge\nmaxPwdAge: 0\n" % base)
    for name in (p["writer"], p["reader"]):
        db.newuser(name, p["password"])
    sid = account_sid(db, p["writer"])
    # What the documentation asks an administrator to delegate: create and delete
    # groups and OUs, write them, and bring deleted ones back.
    add_aces(db, base, [
        "(OA;CI;CCDC;%s;;%s)" % (CLASS_GROUP, sid),
        "(OA;CI;CCDC;%s;;%s)" % (CLASS_OU, sid),
        "(OA;CIIO;RPWPLCLORCSDDT;;%s;%s)" % (CLASS_GROUP, sid),
        "(OA;CIIO;RPWPLCLORCSDDT;;%s;%s)" % (CLASS_OU, sid),
        "(OA;;CR;%s;;%s)" % (REANIMATE_TOMBSTONES, sid),
    ])
    add_aces(db, "CN=Deleted Objects," + base, ["(A;CI;RPWPLCLO;;;%s)" % sid])
    db.transaction_commit()


def account_sid(db, name):
    found = db.search(db.get_default_basedn(), expression="(sAMAccountName=%s)" % name, attrs=["objectSid"])
    return db.schema_format_value("objectSid", found[0]["objectSid"][0]).decode()


def add_aces(db, dn, aces):
    found = db.search(dn, scope=ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=["show_deleted:1"])
    domain_sid = security.dom_sid(db.get_domain_sid())
    sddl = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0]).as_sddl(domain_sid)
    first = sddl.index("(", sddl.index("D:"))
    sddl = sddl[:first] + "".join(aces) + sddl[first:]
    m = ldb.Message(ldb.Dn(db, dn))
    m["nTSecurityDescriptor"] = ldb.MessageElement(
        ndr_pack(security.descriptor.from_sddl(sddl, domain_sid)),
        ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    db.modify(m, controls=["show_deleted:1"])


def main():
    conf, schema, parameters = sys.argv[1:]
    p = json.loads(parameters)
    logging.basicConfig(level=logging.WARNING)
    make_domain(conf, p)
    extend_schema(conf, schema)
    add_accounts(conf, p)


main()
