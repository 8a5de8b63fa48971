package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/server"
)

type serve struct{ config.Config }

// Run serves until it is told to stop, then ends all sessions with a certificate each.
func (c *serve) Run(out io.Writer, logs stderrWriter) error {
	if err := c.Check(); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return listenError(c.Listen, err)
	}
	defer l.Close()
	s, err := server.New(ctx, c.Config, server.Options{Log: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: level}))})
	if err != nil {
		return err
	}
	if s.Lost > 0 {
		fmt.Fprintf(out, "The last run stopped unexpectedly. Open sessions that were lost: %d. Each has a certificate that says so.\n", s.Lost)
	}
	if err := s.Welcome(ctx, out); err != nil {
		return errors.Join(err, s.Shutdown(context.Background()))
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		stop() // a second signal ends the process at once
		fmt.Fprintf(out, "Stopping: people are asked what belongs on the record, at most %s. Press Ctrl C again to stop at once; open sessions are then lost.\n", c.Drain)
	}
	if down := s.Shutdown(context.Background()); down != nil {
		s.Log.Error("stop", "error", down)
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// listenError says in words why an address cannot be listened on.
func listenError(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fault.New(fault.Unavailable, "The address %s is in use by another program. Stop that program, or choose another address with --listen", addr)
	case errors.Is(err, syscall.EACCES):
		return fault.New(fault.Unavailable, "This user may not listen on %s. Choose a port above 1023 with --listen", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fault.New(fault.Unavailable, "This computer does not have the address %s. Choose another with --listen", addr)
	}
	return fault.New(fault.Unavailable, "The server cannot listen on %s. Choose another address with --listen", addr).Because(err)
}
