package report

import (
	"io"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// BenchmarkRender renders a plan of 20,000 changes.
func BenchmarkRender(b *testing.B) {
	p := limits(crowd(20_000, 200, 150, 40))
	for _, format := range []struct {
		name   string
		render func(io.Writer, *planner.Plan) error
	}{
		{"text", func(w io.Writer, p *planner.Plan) error { return Text(w, p, TextOptions{View: ViewFull}) }},
		{"markdown", func(w io.Writer, p *planner.Plan) error { return Markdown(w, p, MarkdownOptions{}) }},
		{"html", func(w io.Writer, p *planner.Plan) error { return HTML(w, p, HTMLOptions{}) }},
		{"csv", CSV},
	} {
		b.Run(format.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := format.render(io.Discard, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
