package postgres_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/landfall-directory/landfall/planner/backend/postgres/postgrestest"
)

// BenchmarkAppend is what a line of a journal costs over TCP on this machine,
// where nothing is forced to the disk.
func BenchmarkAppend(b *testing.B) {
	s := open(b, postgrestest.Start(b).Database(b, "bench"))
	line := bytes.Repeat([]byte("x"), 1000)
	must(b, s.Append(b.Context(), "log", 0, line))
	at := int64(len(line))
	for b.Loop() {
		must(b, s.Append(b.Context(), "log", at, line))
		at += int64(len(line))
	}
}

// BenchmarkRead is a journal of 10,000 lines, each appended alone.
func BenchmarkRead(b *testing.B) {
	s := open(b, postgrestest.Start(b).Database(b, "bench"))
	line := bytes.Repeat([]byte("x"), 1000)
	for i := range int64(10_000) {
		must(b, s.Append(b.Context(), "log", i*1000, line))
	}
	b.Run("pieces", func(b *testing.B) {
		for b.Loop() {
			if data, err := s.Read(b.Context(), "log"); err != nil || len(data) != 10_000_000 {
				b.Fatalf("%d bytes, %v", len(data), err)
			}
		}
	})
	must(b, s.Write(b.Context(), "file", bytes.Repeat(line, 10_000)))
	b.Run("file", func(b *testing.B) {
		for b.Loop() {
			if data, err := s.Read(b.Context(), "file"); err != nil || len(data) != 10_000_000 {
				b.Fatalf("%d bytes, %v", len(data), err)
			}
		}
	})
	b.Run("list", func(b *testing.B) {
		for i := range 1000 {
			must(b, s.Append(b.Context(), fmt.Sprintf("runs/%d", i), 0, line))
		}
		for b.Loop() {
			if _, err := s.List(b.Context(), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
