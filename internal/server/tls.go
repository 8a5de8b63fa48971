package server

import (
	"crypto/tls"

	"winnow.org/winnow/internal/fault"
)

// tls reads the certificate, if there is one. TLS 1.3 only: its clients are a dozen years old at most, and the measures
// against copies in memory were measured with it.
func (s *Server) tls() (*tls.Config, error) {
	if s.Config.TLSCert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.Config.TLSCert, s.Config.TLSKey)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The certificate of the settings tls-cert and tls-key cannot be used. Check that both are PEM files and belong together").Because(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}, nil
}
