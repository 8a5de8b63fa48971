package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// fetcher reads a log over HTTP.
type fetcher struct {
	client *http.Client
	base   string // without a slash at the end
}

// missingError says that a log does not have something that it must have.
type missingError struct{ path string }

func (e *missingError) Error() string { return "the log does not have " + e.path }

func newFetcher(client *http.Client, address string) (*fetcher, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("give the log's address in the form https://chat.example.gov.uk/log")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/log"
	}
	if client == nil {
		client = &http.Client{Timeout: time.Minute}
	}
	return &fetcher{client: client, base: strings.TrimRight(u.String(), "/")}, nil
}

// get reads a resource of at most so many bytes.
func (f *fetcher) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the log cannot be reached: %w", err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, &missingError{path}
	default:
		return nil, fmt.Errorf("the log answered %d for %s", res.StatusCode, path)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("the log broke off while sending %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the log sent more than %d bytes for %s", limit, path)
	}
	return data, nil
}
