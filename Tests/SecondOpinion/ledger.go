// A second opinion on a ledger, by golang.org/x/mod/sumdb: note for the checkpoint's signature, tlog for tiles and proofs.
//
// Every entry is fetched from where the ledger is served, and shown to be in the tree that the checkpoint was signed over;
// then the same for a proof that the server made, and for the tree that an earlier checkpoint was signed over. Where witnesses are
// named, the newest checkpoint that enough have signed must have a line of each (C2SP cosignature/v1), and lead to the same tree.
//
//	ledger URL CA.pem VKEY PROOF ENTRY OLD-CHECKPOINT [WITNESS-VKEY ...]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // C2SP tlog-tiles: 256 hashes a tile

type server struct{ url, ca string }

func (s server) get(path string) ([]byte, error) {
	out, err := exec.Command("curl", "--silent", "--show-error", "--fail", "--max-time", "120", "--cacert", s.ca, s.url+"/ledger/"+path).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %v", path, err)
	}
	return out, nil
}

func (s server) Height() int { return height }

func (s server) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// The tool's own paths name the height too.
		data, err := s.get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (s server) SaveTiles([]tlog.Tile, [][]byte) {}

func (s server) entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for int64(len(entries)) < size {
		tile := tlog.Tile{H: height, L: 0, N: int64(len(entries)) >> height, W: 1 << height}
		if left := size - int64(len(entries)); left < 1<<height {
			tile.W = int(left)
		}
		rest, err := s.get(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		if err != nil {
			return nil, err
		}
		for len(rest) > 0 {
			length := int(binary.BigEndian.Uint16(rest))
			entries = append(entries, rest[2:2+length])
			rest = rest[2+length:]
		}
	}
	return entries, nil
}

// A witness's key, which the note package has no algorithm for: C2SP tlog-cosignature, type 0x04.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return witness{}, fmt.Errorf("not name+keyid+key: %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return witness{}, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 0x04 {
		return witness{}, fmt.Errorf("not a witness's key: %q", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return witness{}, fmt.Errorf("the key id is not that of the key: %q", vkey)
	}
	return witness{parts[0], hash, key[1:]}, nil
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), text...)
	return ed25519.Verify(w.key, message, signature[8:])
}

// The log has signed, and so has each of the witnesses.
func open(signed []byte, vkey string, witnesses ...note.Verifier) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	known := append([]note.Verifier{verifier}, witnesses...)
	opened, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return tlog.Tree{}, err
	}
	// Lines that are not valid have failed already, and each key counts once.
	for _, key := range known {
		found := false
		for _, line := range opened.Sigs {
			found = found || line.Name == key.Name() && line.Hash == key.KeyHash()
		}
		if !found {
			return tlog.Tree{}, fmt.Errorf("%s has not signed", key.Name())
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not three lines of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func checkProof(proof, entry []byte, vkey string) (int64, error) {
	head, signed, found := bytes.Cut(proof, []byte("\n\n"))
	if !found {
		return 0, fmt.Errorf("no checkpoint behind the proof")
	}
	tree, err := open(signed, vkey)
	if err != nil {
		return 0, err
	}
	lines := strings.Split(string(head), "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return 0, err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return 0, fmt.Errorf("not a hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		path = append(path, hash)
	}
	return index, tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func judge(url, ca, vkey, proofPath, entryPath, oldPath string, witnessKeys []string) error {
	s := server{url, ca}
	var witnessed tlog.Tree
	if len(witnessKeys) > 0 {
		var witnesses []note.Verifier
		for _, key := range witnessKeys {
			witness, err := newWitness(key)
			if err != nil {
				return err
			}
			witnesses = append(witnesses, witness)
		}
		// Before the checkpoint, which is not behind it.
		signed, err := s.get("witnessed")
		if err != nil {
			return err
		}
		witnessed, err = open(signed, vkey, witnesses...)
		if err != nil {
			return fmt.Errorf("the witnessed checkpoint: %w", err)
		}
	}
	signed, err := s.get("checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(signed, vkey)
	if err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	reader := tlog.TileHashReader(tree, s)
	entries, err := s.entries(tree.N)
	if err != nil {
		return err
	}
	for index, entry := range entries {
		path, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	proof, err := os.ReadFile(proofPath)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryPath)
	if err != nil {
		return err
	}
	proven, err := checkProof(proof, entry, vkey)
	if err != nil {
		return fmt.Errorf("the proof: %w", err)
	}
	oldSigned, err := os.ReadFile(oldPath)
	if err != nil {
		return err
	}
	old, err := open(oldSigned, vkey)
	if err != nil {
		return fmt.Errorf("the old checkpoint: %w", err)
	}
	if err := checkContinued(tree, old, reader); err != nil {
		return err
	}
	fmt.Printf("%d entries included, entry %d proven, %d entries continued\n", tree.N, proven, old.N)
	if len(witnessKeys) > 0 {
		if err := checkContinued(tree, witnessed, reader); err != nil {
			return fmt.Errorf("what was witnessed: %w", err)
		}
		fmt.Printf("%d entries cosigned by %d\n", witnessed.N, len(witnessKeys))
	}
	return nil
}

func checkContinued(tree, old tlog.Tree, reader tlog.HashReader) error {
	path, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return fmt.Errorf("from %d entries on: %w", old.N, err)
	}
	if err := tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("from %d entries on: %w", old.N, err)
	}
	return nil
}

func main() {
	if len(os.Args) < 7 {
		fmt.Fprintln(os.Stderr, "usage: ledger URL CA.pem VKEY PROOF ENTRY OLD-CHECKPOINT [WITNESS-VKEY ...]")
		os.Exit(2)
	}
	if err := judge(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6], os.Args[7:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
