package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// comment is a comment of an issue or pull request, as GitHub shows it.
type comment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
}

// gitHub answers as GitHub's API of comments does: pages, a limit of length, and a
// token that may write. Pull request 7 was merged as the commit "merged".
type gitHub struct {
	url      string
	limit    int
	mu       sync.Mutex
	comments []*comment
	log      []string
}

func serveGitHub(t *testing.T, limit int) *gitHub {
	g := &gitHub{limit: limit}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/contoso/directory/issues/7/comments", g.list)
	mux.HandleFunc("POST /repos/contoso/directory/issues/7/comments", g.post)
	mux.HandleFunc("PATCH /repos/contoso/directory/issues/comments/{id}", g.patch)
	mux.HandleFunc("GET /repos/contoso/directory/commits/{commit}/pulls", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `[{"number": 6, "merged_at": null, "merge_commit_sha": "pushed"},`+
			`{"number": 7, "merged_at": "2026-01-02T03:04:05Z", "merge_commit_sha": "merged"}]`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func (g *gitHub) list(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	size, err1 := strconv.Atoi(r.FormValue("per_page"))
	page, err2 := strconv.Atoi(r.FormValue("page"))
	if err1 != nil || err2 != nil || size < 1 || size > 100 || page < 1 {
		http.Error(w, `{"message": "bad page"}`, http.StatusBadRequest)
		return
	}
	from := min((page-1)*size, len(g.comments))
	json.NewEncoder(w).Encode(append([]*comment{}, g.comments[from:min(from+size, len(g.comments))]...))
}

func (g *gitHub) post(w http.ResponseWriter, r *http.Request) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(g.add("github-actions[bot]", body))
}

func (g *gitHub) patch(w http.ResponseWriter, r *http.Request) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(g.comments) {
		http.Error(w, `{"message": "Not Found"}`, http.StatusNotFound)
		return
	}
	g.comments[id-1].Body = body
	json.NewEncoder(w).Encode(g.comments[id-1])
}

// body is the new text of a comment, if the request is one that GitHub takes.
func (g *gitHub) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	if r.Header.Get("Authorization") != "Bearer token-of-the-job" {
		http.Error(w, `{"message": "Resource not accessible by integration"}`, http.StatusForbidden)
		return "", false
	}
	var c struct{ Body string }
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil || c.Body == "" {
		http.Error(w, `{"message": "Problems parsing JSON"}`, http.StatusBadRequest)
		return "", false
	}
	if utf8.RuneCountInString(c.Body) > g.limit {
		http.Error(w, fmt.Sprintf(`{"message": "Validation Failed: body is too long (maximum is %d characters)"}`, g.limit), http.StatusUnprocessableEntity)
		return "", false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, r.Method)
	return c.Body, true
}

// add appends a comment.
func (g *gitHub) add(who, body string) comment {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := &comment{ID: len(g.comments) + 1, Body: body}
	c.User.Login = who
	g.comments = append(g.comments, c)
	return *c
}

// ours are the texts of the comments of the job.
func (g *gitHub) ours() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var texts []string
	for _, c := range g.comments {
		if strings.HasSuffix(c.User.Login, "[bot]") {
			texts = append(texts, c.Body)
		}
	}
	return texts
}

// writes are the methods of the accepted requests.
func (g *gitHub) writes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.log)
}
