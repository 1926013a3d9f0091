//go:build !race

package report

// raceDetector says that this is a slow build.
const raceDetector = false
