package apply

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkJournal is what recording an operation costs, start and end, on this
// machine's disk: alone, and as one of several in flight.
func BenchmarkJournal(b *testing.B) {
	for _, flight := range []int{1, 8} {
		b.Run(fmt.Sprintf("flight=%d", flight), func(b *testing.B) {
			j := create(b, records(b), "r")
			numbers := make(chan int)
			var wg sync.WaitGroup
			for range flight {
				wg.Go(func() {
					for n := range numbers {
						if err := j.Before(starts(n)); err != nil {
							b.Error(err)
						}
						if err := j.After(ends(n)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			n := 0
			for b.Loop() {
				n++
				numbers <- n
			}
			close(numbers)
			wg.Wait()
			if err := j.Close(Footer{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
