package entra

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/directoryobjects"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// pageSize is the most that Graph puts on a page of directory objects.
const pageSize int32 = 999

// maxIDs is the most that one getByIds takes.
const maxIDs = 1000

// The SDK's builders keep their path parameters in a map that the adapter writes
// to, so each request has a builder of its own.

func groupsBuilder(api abs.RequestAdapter) *groups.GroupsRequestBuilder {
	return groups.NewGroupsRequestBuilderInternal(map[string]string{}, api)
}

func deletedItemsBuilder(api abs.RequestAdapter) *directory.DeletedItemsRequestBuilder {
	return directory.NewDeletedItemsRequestBuilderInternal(map[string]string{}, api)
}

// listRequest lists the objects of one type.
func listRequest(ctx context.Context, api abs.RequestAdapter, c collection, v view) (*abs.RequestInformation, error) {
	top := pageSize
	if v.kind == kindGroup {
		return groupsBuilder(api).ToGetRequestInformation(ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Select: v.selects, Top: &top}})
	}
	// The SDK has one more package for each of the other types; for this one
	// address they are not worth their weight in the build.
	r := newGet("{+baseurl}/" + c.path + "{?%24select,%24top}")
	r.QueryParametersAny["%24select"] = v.selects
	r.QueryParametersAny["%24top"] = top
	return r, nil
}

// itemRequest reads one object directly.
func itemRequest(ctx context.Context, api abs.RequestAdapter, c collection, v view, id string) (*abs.RequestInformation, error) {
	if v.kind == kindGroup {
		return groupsBuilder(api).ByGroupId(id).ToGetRequestInformation(ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: v.selects}})
	}
	r := newGet("{+baseurl}/" + c.path + "/{id}{?%24select}")
	r.PathParameters["id"] = id
	r.QueryParametersAny["%24select"] = v.selects
	return r, nil
}

func deletedGroupsRequest(ctx context.Context, api abs.RequestAdapter, v view) (*abs.RequestInformation, error) {
	top := pageSize
	r, err := deletedItemsBuilder(api).GraphGroup().ToGetRequestInformation(ctx, &directory.DeletedItemsGraphGroupRequestBuilderGetRequestConfiguration{
		QueryParameters: &directory.DeletedItemsGraphGroupRequestBuilderGetQueryParameters{Select: v.selects, Top: &top}})
	if err != nil {
		return nil, err
	}
	// "graph" is an alias in Graph's metadata; its documents have the whole name.
	r.UrlTemplate = strings.Replace(r.UrlTemplate, "/graph.group", "/microsoft.graph.group", 1)
	return r, nil
}

func deletedItemRequest(ctx context.Context, api abs.RequestAdapter, v view, id string) (*abs.RequestInformation, error) {
	return deletedItemsBuilder(api).ByDirectoryObjectId(id).ToGetRequestInformation(ctx, &directory.DeletedItemsDirectoryObjectItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &directory.DeletedItemsDirectoryObjectItemRequestBuilderGetQueryParameters{Select: v.selects}})
}

// referencesRequest lists what a reference attribute of a group names, by id and
// type alone.
func referencesRequest(ctx context.Context, api abs.RequestAdapter, id, attr string) (*abs.RequestInformation, error) {
	top := pageSize
	group := groupsBuilder(api).ByGroupId(id)
	switch attr {
	case attrMember:
		return group.Members().ToGetRequestInformation(ctx, &groups.ItemMembersRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.ItemMembersRequestBuilderGetQueryParameters{Select: []string{"id"}, Top: &top}})
	case attrOwners:
		return group.Owners().ToGetRequestInformation(ctx, &groups.ItemOwnersRequestBuilderGetRequestConfiguration{
			QueryParameters: &groups.ItemOwnersRequestBuilderGetQueryParameters{Select: []string{"id"}, Top: &top}})
	}
	return nil, fmt.Errorf("groups have no references %q: landfall reads member and owners", attr)
}

// byIDsRequest reads up to maxIDs objects of one type. Graph takes $select here,
// although the SDK does not know it.
func byIDsRequest(ctx context.Context, api abs.RequestAdapter, c collection, v view, ids []string) (*abs.RequestInformation, error) {
	body := directoryobjects.NewGetByIdsPostRequestBody()
	body.SetIds(ids)
	body.SetTypes([]string{c.graphType})
	r, err := directoryobjects.NewGetByIdsRequestBuilderInternal(map[string]string{}, api).ToPostRequestInformation(ctx, body, nil)
	if err != nil {
		return nil, err
	}
	r.UrlTemplate += "{?%24select}"
	r.QueryParametersAny["%24select"] = v.selects
	return r, nil
}

// patchRequest changes a group. The body is JSON as it stands: the SDK's models
// leave out nulls, and null is how a property is cleared.
func patchRequest(api abs.RequestAdapter, id string, body []byte) *abs.RequestInformation {
	item := groupsBuilder(api).ByGroupId(id)
	r := abs.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abs.PATCH, item.UrlTemplate, item.PathParameters)
	r.Headers.TryAdd("Accept", "application/json")
	r.SetStreamContentAndContentType(body, "application/json")
	return r
}

func newGet(template string) *abs.RequestInformation {
	r := abs.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abs.GET, template, map[string]string{})
	r.Headers.TryAdd("Accept", "application/json")
	return r
}

// send sends a request and returns the body of the answer, nil when it has none.
func (d *Directory) send(ctx context.Context, api abs.RequestAdapter, r *abs.RequestInformation, op operation) ([]byte, error) {
	answer, err := api.SendPrimitive(ctx, r, "[]byte", abs.ErrorMappings{"XXX": odataerrors.CreateODataErrorFromDiscriminatorValue})
	if err != nil {
		return nil, d.explain(err, op)
	}
	body, _ := answer.([]byte)
	return body, nil
}

// get reads one object.
func (d *Directory) get(ctx context.Context, api abs.RequestAdapter, r *abs.RequestInformation, op operation) (object, error) {
	answer, err := d.send(ctx, api, r, op)
	if err != nil {
		return nil, err
	}
	var o object
	if err := decode(answer, &o); err != nil {
		return nil, fmt.Errorf("cannot %s: %w", op.doing, err)
	}
	return o, nil
}

// page is one page of a list. The last one has no Next.
type page[T any] struct {
	Value *[]T   `json:"value"`
	Next  string `json:"@odata.nextLink"`
}

// pages reads a list to its end and hands on page after page. It returns nil
// only when the last page was seen.
func pages[T any](ctx context.Context, d *Directory, api abs.RequestAdapter, r *abs.RequestInformation, op operation, use func([]T) error) error {
	start, err := url.Parse(api.GetBaseUrl())
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for {
		answer, err := d.send(ctx, api, r, op)
		if err != nil {
			return err
		}
		var p page[T]
		if err := decode(answer, &p); err != nil {
			return fmt.Errorf("cannot %s: page %d: %w", op.doing, len(seen)+1, err)
		}
		if p.Value == nil {
			return fmt.Errorf("cannot %s: page %d has no list of values", op.doing, len(seen)+1)
		}
		if err := use(*p.Value); err != nil {
			return fmt.Errorf("cannot %s: %w", op.doing, err)
		}
		if p.Next == "" {
			return nil
		}
		next, err := url.Parse(p.Next)
		switch {
		case err != nil || next.Scheme != start.Scheme || !strings.EqualFold(next.Host, start.Host):
			return fmt.Errorf("cannot %s: page %d links to %q, which is not at %s; it was not followed", op.doing, len(seen)+1, plain(p.Next), start.Host)
		case seen[p.Next]:
			return fmt.Errorf("cannot %s: the pages go in a circle: page %d links to one that was read", op.doing, len(seen)+1)
		}
		seen[p.Next] = true
		r = newGet("")
		r.SetUri(*next)
	}
}

// inOrder fetches n things with at most width requests in flight, and hands them
// to use in order and one at a time, so that the result does not depend on who
// was faster. The first error ends it.
func inOrder[T any](ctx context.Context, width, n int, fetch func(context.Context, int) (T, error), use func(int, T) error) error {
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	// What is finished out of order waits here; a slow first one lets the
	// others go on for a while.
	ahead := make(chan chan outcome, 32*width)
	slots := make(chan struct{}, width)
	running.Go(func() {
		defer close(ahead)
		for i := range n {
			result := make(chan outcome, 1)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case ahead <- result:
			case <-ctx.Done():
				return
			}
			running.Go(func() {
				defer func() { <-slots }()
				value, err := fetch(ctx, i)
				result <- outcome{value, err}
			})
		}
	})
	used := 0
	for result := range ahead {
		r := <-result
		if r.err != nil {
			return r.err
		}
		if err := use(used, r.value); err != nil {
			return err
		}
		used++
	}
	if used < n {
		return errors.Join(errors.New("not everything was read"), context.Cause(ctx))
	}
	return nil
}
