"""Loads LDIF content records into a stopped domain: load.py SMB.CONF LDIF

objectGUID, objectSid and sAMAccountName are kept where the file states them,
because joins depend on them; other values that a domain controller keeps by
itself are left out. Links are set when every object is there. An entry that
the domain has already (a container, a built-in group) gets the file's values.
"""

import base64
import re
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

# Kept by the domain controller itself, or back links.
SYSTEM = {a.lower() for a in """
    dn distinguishedName name cn ou dc objectCategory instanceType whenCreated whenChanged
    uSNCreated uSNChanged sAMAccountType primaryGroupID memberOf managedObjects
    directReports msExchCoManagedObjectsBL isCriticalSystemObject adminCount
    badPwdCount badPasswordTime lastLogon lastLogoff logonCount pwdLastSet
    dSCorePropagationData replPropertyMetaData
""".split()}
# On a new object only.
IDENTITY = {"objectclass", "objectguid", "objectsid"}
RELAX = ["relax:0"]
# Objects per transaction; larger ones and smaller ones are slower.
BATCH = 1000


def open_database(conf):
    lp = LoadParm()
    lp.load(conf)
    return SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(lp), lp=lp,
                 options=["batch_mode:1"])


def is_link(db, attribute):
    return db.get_linkId_from_lDAPDisplayName(attribute) != 0


def read_records(text):
    """Yields (dn, {attribute: [values]}) of RFC 2849 content records."""
    text = text.replace("\r\n", "\n").replace("\n ", "")
    for block in re.split(r"\n[ \t]*\n", text):
        record = {}
        for line in block.split("\n"):
            if not line or line.startswith("#"):
                continue
            name, value = line.split(":", 1)
            if value.startswith(":"):
                value = base64.b64decode(value[1:])
            else:
                value = value.strip().encode()
            record.setdefault(name, []).append(value)
        record.pop("version", None)
        if record:
            yield record.pop("dn")[0].decode(), record


def replacement(dn, attributes):
    m = ldb.Message(dn)
    for name, values in attributes.items():
        m[name] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, name)
    return m


def load(db, text):
    links = []
    for n, (name, attributes) in enumerate(read_records(text)):
        if n % BATCH == BATCH - 1:
            db.transaction_commit()
            db.transaction_start()
        dn = ldb.Dn(db, name)
        own, link = {}, {}
        for attribute, values in attributes.items():
            if attribute.lower() not in SYSTEM:
                (link if is_link(db, attribute) else own)[attribute] = values
        if link:
            links.append((dn, link))
        add(db, dn, own)
    for dn, link in links:
        db.modify(replacement(dn, link), controls=RELAX)


def add(db, dn, attributes):
    if exists(db, dn):
        changed = {k: v for k, v in attributes.items() if k.lower() not in IDENTITY}
        if changed:
            db.modify(replacement(dn, changed), controls=RELAX)
        return
    m = ldb.Message(dn)
    for name, values in attributes.items():
        m[name] = ldb.MessageElement(values, ldb.FLAG_MOD_ADD, name)
    db.add(m, controls=RELAX)


def exists(db, dn):
    try:
        db.search(dn, scope=ldb.SCOPE_BASE, attrs=["1.1"])
    except ldb.LdbError as e:
        if e.args[0] == ldb.ERR_NO_SUCH_OBJECT:
            return False
        raise
    return True


def main():
    conf, path = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        text = f.read()
    db = open_database(conf)
    db.transaction_start()
    load(db, text)
    db.transaction_commit()


main()
