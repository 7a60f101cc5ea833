// The other side of test/bench/revdial.c: the same streams, timed, with
// HashiCorp's yamux at both ends.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"net"
	"sort"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

var (
	speed  = flag.Bool("speed", false, "speak as test/bench/revdial.c does")
	bulk   = flag.Int64("bulk", 0, "speed: send so many bytes")
	turns  = flag.Int("turn", 0, "speed: so many streams of one byte each")
	beside = flag.Int("beside", 0, "speed: the same beside a bulk stream")
)

func serveSpeed(s net.Conn) {
	defer s.Close()
	var head [9]byte
	if _, err := io.ReadFull(s, head[:1]); err != nil {
		log.Fatal(err)
	}
	if head[0] == 't' {
		s.Write(head[:1])
		return
	}
	if _, err := io.ReadFull(s, head[1:]); err != nil {
		log.Fatal(err)
	}
	n := int64(binary.BigEndian.Uint64(head[1:]))
	// The bulk stream of -beside ends with the session.
	r := bufio.NewReaderSize(s, 64*1024)
	if _, err := io.CopyN(ioutil.Discard, r, n); err == nil {
		s.Write([]byte("d"))
	}
}

func sendBulk(sess *yamux.Session, n int64) error {
	s, err := sess.Open()
	if err != nil {
		return err
	}
	head := [9]byte{'b'}
	binary.BigEndian.PutUint64(head[1:], uint64(n))
	if _, err := s.Write(head[:]); err != nil {
		return err
	}
	buf := make([]byte, 64*1024)
	for n > 0 {
		if n < int64(len(buf)) {
			buf = buf[:n]
		}
		if _, err := s.Write(buf); err != nil {
			return err
		}
		n -= int64(len(buf))
	}
	if _, err := io.ReadFull(s, head[:1]); err != nil {
		return err
	}
	return s.Close()
}

func turn(sess *yamux.Session) time.Duration {
	start := time.Now()
	s, err := sess.Open()
	if err != nil {
		log.Fatal(err)
	}
	var b [1]byte
	b[0] = 't'
	if _, err := s.Write(b[:]); err != nil {
		log.Fatal(err)
	}
	if _, err := io.ReadFull(s, b[:]); err != nil {
		log.Fatal(err)
	}
	s.Close()
	return time.Since(start)
}

func openTurns(sess *yamux.Session, n int) {
	var wg sync.WaitGroup
	took := make([]time.Duration, n)
	start := time.Now()
	for p := 0; p < *parallel; p++ {
		wg.Add(1)
		go func(p int) {
			for i := p; i < n; i += *parallel {
				took[i] = turn(sess)
			}
			wg.Done()
		}(p)
	}
	wg.Wait()
	seconds := time.Since(start).Seconds()
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	fmt.Printf("%d %d %.0f\n", took[n/2].Microseconds(), took[n*99/100].Microseconds(), float64(n)/seconds)
}

func openSpeed(sess *yamux.Session) {
	switch {
	case *beside > 0:
		go sendBulk(sess, 1<<50)
		openTurns(sess, *beside)
	case *turns > 0:
		openTurns(sess, *turns)
	default:
		var wg sync.WaitGroup
		start := time.Now()
		for i := 0; i < *parallel; i++ {
			wg.Add(1)
			go func() {
				if err := sendBulk(sess, *bulk/int64(*parallel)); err != nil {
					log.Fatal(err)
				}
				wg.Done()
			}()
		}
		wg.Wait()
		fmt.Printf("%.1f\n", float64(*bulk)/1e6/time.Since(start).Seconds())
	}
}

func acceptSpeed(sess *yamux.Session) {
	for {
		s, err := sess.Accept()
		if err != nil {
			return
		}
		go serveSpeed(s)
	}
}
