// A second opinion on a ledger, by golang.org/x/mod/sumdb: note for the checkpoint's signature, tlog for tiles and proofs.
//
// Every entry is fetched from where the ledger is served, and shown to be in the tree that the checkpoint was signed over;
// then the same for a proof that the server made, and for the tree that an earlier checkpoint was signed over.
//
//	ledger URL CA.pem VKEY PROOF ENTRY OLD-CHECKPOINT
package main

import (
	"bytes"
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
	out, err := exec.Command("curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--cacert", s.ca, s.url+"/ledger/"+path).Output()
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

func open(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
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

func judge(url, ca, vkey, proofPath, entryPath, oldPath string) error {
	s := server{url, ca}
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
	continues, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return fmt.Errorf("from %d entries on: %w", old.N, err)
	}
	if err := tlog.CheckTree(continues, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("from %d entries on: %w", old.N, err)
	}
	fmt.Printf("%d entries included, entry %d proven, %d entries continued\n", tree.N, proven, old.N)
	return nil
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: ledger URL CA.pem VKEY PROOF ENTRY OLD-CHECKPOINT")
		os.Exit(2)
	}
	if err := judge(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
