package main

import "testing"

func TestAnAimIsMetByTheFigureItIsAbout(t *testing.T) {
	samples := []float64{9, 1, 2, 3, 4, 5, 6, 7, 8, 10}
	for _, c := range []struct {
		aim  float64
		by   int
		want bool
	}{
		{6, byMedian, true},
		{5, byMedian, false},
		{10, byP95, true},
		{9, byP95, false},
	} {
		got := aimed("g", "n", "ms", samples, c.aim, c.by)
		if got.Median != 6 || got.P95 != 10 {
			t.Fatalf("median %v and p95 %v, want 6 and 10", got.Median, got.P95)
		}
		if *got.Met != c.want {
			t.Errorf("aim %v by %v: met is %v", c.aim, c.by, *got.Met)
		}
	}
}
