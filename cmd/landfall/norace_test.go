//go:build !race

package main

// raceDetector says that this is a slow build.
const raceDetector = false
