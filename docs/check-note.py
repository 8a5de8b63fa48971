#!/usr/bin/env python3
"""Checks a note's Word document without any part of Winnow: docs/ledger.md as a program.

    python3 docs/check-note.py "N-2026-0417.docx" ["chat.example.org+hash+key"]

It checks that each quote was sent as it stands, that the log has the note, and that the log's key has signed that. It does not
compare the words on the document's pages with the note: "winnow verify" does. The signature needs the package "cryptography".
"""
import base64, hashlib, json, re, struct, sys, zipfile

def sha(b): return hashlib.sha256(b).digest()
def field(b): return struct.pack(">I", len(b)) + b
def number(n): return field(struct.pack(">q", n))

def climb(h, index, size, proof):                      # RFC 9162, 2.1.3.2: from a leaf to the root
    last = size - 1
    for p in proof:
        if index & 1 or index == last:
            h = sha(b"\1" + p + h)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            h = sha(b"\1" + h + p)
        index, last = index >> 1, last >> 1
    assert last == 0, "the proof is too short"
    return h

z = zipfile.ZipFile(sys.argv[1])
xml = next(x for x in (z.read(n).decode() for n in z.namelist() if n.startswith("customXml/item") and "Props" not in n) if "winnow.org/ns/note/1" in x)
part = lambda name: base64.b64decode(re.search(f"<{name}>(.*?)</{name}>", xml, re.S)[1])
manifest, proof = part("manifest"), part("proof").decode()

note = json.loads(manifest)
for q in note["quotes"]:
    leaf = sha(b"\0" + field(b"winnow.org/leaf/v1") + field(base64.b64decode(q["salt"])) + field(note["session"]["id"].encode())
        + number(q["position"]) + field(q["sender"]["id"].encode()) + number(q["time"]) + field(q["type"].encode()) + field(base64.b64decode(q["content"])))
    root = climb(leaf, q["position"] - 1, note["session"]["size"], [base64.b64decode(p) for p in q["proof"]])
    assert root == base64.b64decode(note["session"]["root"]), f"message {q['position']} was not sent like this"

head, checkpoint = proof.split("\n\n", 1)
lines = head.split("\n")
assert lines[0] == "c2sp.org/tlog-proof@v1"
key, entry = base64.b64decode(lines[1].removeprefix("extra ")).split(b"\n", 1)
index = int(lines[2].removeprefix("index "))
origin, size, root = checkpoint.split("\n")[:3]
assert climb(sha(b"\0" + entry), index, int(size), [base64.b64decode(l) for l in lines[3:]]) == base64.b64decode(root), "not in the log"
filed = json.loads(entry)["note"]
assert base64.b64decode(filed["fingerprint"]) == sha(manifest) and filed["root"] == note["session"]["root"], "the log has another note"

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

known = sys.argv[2] if len(sys.argv) > 2 else key.decode()
name, keyhash, data = known.split("+", 2)
assert name == origin and base64.b64decode(data)[0] == 1, "the key is another log's"
text, signatures = checkpoint.split("\n\n", 1)
for line in signatures.strip().split("\n"):
    dash, who, sig = line.split(" ")
    sig = base64.b64decode(sig)
    if who == name and sig[:4].hex() == keyhash:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(data)[1:]).verify(sig[4:], (text + "\n").encode())
        break
else:
    sys.exit("the key has not signed the checkpoint")
print(f"{note['ref']}: {len(note['quotes'])} quotes as sent, entry {index} of the log {origin}, signed by {known}")
if len(sys.argv) < 3:
    print("The key is the file's own. Give the organisation's key to be sure.")
