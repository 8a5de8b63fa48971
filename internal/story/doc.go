// Package story has the tests of the main job as people do it: real browsers, a real Matrix client, a real office program and
// the real binary, against a real server. There is nothing in it but tests.
package story
