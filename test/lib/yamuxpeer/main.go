// yamuxpeer - HashiCorp's yamux as the other side for test/lib/rdpeer.c: the
// same streams, the same bytes, the same options. See rdpeer.c for what goes
// over a stream, or test/bench/revdial.c with -speed. Built by
// test/lib/yamuxpeer/build.sh with the package that the distribution has.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"
)

var (
	listen   = flag.String("listen", "", "wait for a connection here")
	connect  = flag.String("connect", "", "or make one to there")
	portFile = flag.String("port", "", "write the port to this file")
	cert     = flag.String("cert", "", "TLS: certificate to listen with")
	key      = flag.String("key", "", "TLS: its key")
	useTLS   = flag.Bool("tls", false, "TLS: connect with it, unchecked")
	open     = flag.Bool("open", false, "open the streams (yamux client)")
	streams  = flag.Int("n", 100, "how many streams")
	parallel = flag.Int("p", 50, "how many at once")
	most     = flag.Int("max", 300000, "bytes of a stream, at most")
	seed     = flag.Uint64("seed", 1, "of the sizes and bytes")
	edges    = flag.Bool("edges", false, "sizes around multiples of the first window")
	leave    = flag.Int("leave", 0, "go away when so many were taken; open: the other side will")
)

const window = 256 * 1024

func next(x *uint64) uint64 {
	*x = *x*6364136223846793005 + 1442695040888963407
	return *x
}

func fill(p []byte, x *uint64) {
	for i := range p {
		p[i] = byte(next(x) >> 56)
	}
}

// equal counts the streams whose two digests were compared here, and were equal;
// resets those that we opened to be reset, so that they could not be.
var equal, resets int64

// pattern writes n bytes that follow from x, and gives their SHA-256.
func pattern(w io.Writer, n int, x uint64) (string, error) {
	h := sha256.New()
	buf := make([]byte, 1+int(x%70000))
	for n > 0 {
		p := buf
		if len(p) > n {
			p = p[:n]
		}
		fill(p, &x)
		h.Write(p)
		if _, err := w.Write(p); err != nil {
			return "", err
		}
		n -= len(p)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// expect reads n bytes that follow from x, and then their SHA-256, which it gives.
func expect(r io.Reader, n int, x uint64) (string, error) {
	h := sha256.New()
	buf := make([]byte, 50000)
	for at := 0; at < n; {
		p := buf
		if len(p) > n-at {
			p = p[:n-at]
		}
		got, err := r.Read(p)
		if err != nil {
			return "", fmt.Errorf("byte %d of %d: %w", at, n, err)
		}
		h.Write(p[:got])
		for i := 0; i < got; i++ {
			if want := byte(next(&x) >> 56); p[i] != want {
				return "", fmt.Errorf("byte %d of %d: got %d, want %d", at+i, n, p[i], want)
			}
		}
		at += got
	}
	sum := []byte(hex.EncodeToString(h.Sum(nil)))
	theirs := make([]byte, len(sum))
	if _, err := io.ReadFull(r, theirs); err != nil {
		return "", fmt.Errorf("SHA-256: %w", err)
	}
	if !bytes.Equal(sum, theirs) {
		return "", fmt.Errorf("SHA-256: %s came, %s was sent", sum, theirs)
	}
	atomic.AddInt64(&equal, 1)
	return string(sum), nil
}

func expectEOF(r io.Reader) error {
	var b [1]byte
	if n, err := r.Read(b[:]); n != 0 || err != io.EOF {
		return fmt.Errorf("no EOF: %d bytes, %w", n, err)
	}
	return nil
}

func serve(s net.Conn) error {
	defer s.Close()
	r := bufio.NewReaderSize(s, 64*1024)
	line, err := r.ReadString('\n')
	if err != nil {
		return fmt.Errorf("first line: %v", err)
	}
	var mode string
	var n int64
	var x uint64
	if _, err := fmt.Sscan(line, &mode, &n, &x); err != nil {
		return fmt.Errorf("first line %q: %v", line, err)
	}
	switch mode {
	case "echo":
		h := sha256.New()
		if _, err := io.CopyN(io.MultiWriter(s, h), r, n); err != nil {
			return fmt.Errorf("echo: %v", err)
		}
		if _, err := io.WriteString(s, hex.EncodeToString(h.Sum(nil))); err != nil {
			return fmt.Errorf("echo: %v", err)
		}
		if err := expectEOF(r); err != nil {
			return fmt.Errorf("echo: %v", err)
		}
	case "get":
		sum, err := pattern(s, int(n), x)
		if err == nil {
			_, err = io.WriteString(s, sum)
		}
		return err
	case "put":
		if _, err := expect(r, int(n), x); err != nil {
			return fmt.Errorf("put: %v", err)
		}
		if err := expectEOF(r); err != nil {
			return fmt.Errorf("put: %v", err)
		}
		_, err := io.WriteString(s, "done\n")
		return err
	case "cut":
		// The other side resets it after n bytes, once we were seen.
		if _, err := io.WriteString(s, "go\n"); err != nil {
			return fmt.Errorf("cut: %v", err)
		}
		_, err := io.Copy(ioutil.Discard, r)
		// The session may end right after the reset. A Read that had
		// bytes already and wants to give credit for them tells of that;
		// the stream knows better.
		if err == yamux.ErrSessionShutdown {
			_, err = s.Read(make([]byte, 1))
		}
		if err == nil || !strings.Contains(err.Error(), "reset") {
			return fmt.Errorf("cut: no reset but %v", err)
		}
	default:
		return fmt.Errorf("mode %q", mode)
	}
	return nil
}

// one opens a stream and does what mode says. A yamux stream of this package
// that was closed reads EOF at once, so echo reads before it closes.
func one(sess *yamux.Session, mode string, n int, x uint64) error {
	s, err := sess.Open()
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := fmt.Fprintf(s, "%s %d %d\n", mode, n, x); err != nil {
		return err
	}
	switch mode {
	case "echo":
		sent := make(chan string, 1)
		done := make(chan error, 1)
		go func() {
			sum, err := pattern(s, n, x)
			sent <- sum
			done <- err
		}()
		sum, err := expect(s, n, x)
		if err != nil {
			return err
		}
		if ours := <-sent; ours != sum {
			return fmt.Errorf("SHA-256: %s came back, %s was sent", sum, ours)
		}
		return <-done
	case "get":
		if _, err := expect(s, n, x); err != nil {
			return err
		}
		return expectEOF(s)
	case "kill":
		// The other side takes n bytes, then resets it.
		if _, err := pattern(s, n+1000, x); err == nil {
			err = expectEOF(s)
			if err == nil || !strings.Contains(err.Error(), "reset") {
				return fmt.Errorf("no reset but %v", err)
			}
		}
		atomic.AddInt64(&resets, 1)
	}
	return nil
}

// isRefusal: is that how a stream ends that the other side never took, since it
// was going away?
func isRefusal(err error) bool {
	return *leave > 0 && (errors.Is(err, yamux.ErrRemoteGoAway) || errors.Is(err, yamux.ErrConnectionReset))
}

// ping asks the other side again and again until stop is closed. Its answers
// must come, and not only when everything else is done.
func ping(sess *yamux.Session, stop chan bool) {
	for n := 1; ; n++ {
		rtt, err := sess.Ping()
		if err == yamux.ErrSessionShutdown && *leave > 0 {
			return // it went, with its last stream
		}
		if err != nil || rtt > 10*time.Second {
			log.Fatalf("ping %d: %v after %v", n, err, rtt)
		}
		select {
		case <-stop:
			fmt.Printf("pings answered\n")
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func openAll(sess *yamux.Session) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	bad, refused := 0, 0
	slots := make(chan bool, *parallel)
	x := *seed
	modes := []string{"echo", "get", "kill"}
	if *leave > 0 {
		modes = modes[:2] // a refusal looks like a kill
	}
	for i := 0; i < *streams; i++ {
		mode := modes[next(&x)>>40%uint64(len(modes))]
		n := int(next(&x) >> 33 % uint64(*most))
		if i%7 == 0 {
			n = i % 3
		}
		if *edges {
			n = (1+i/5%5)*window + i%5 - 2
		}
		sx := next(&x)
		slots <- true
		wg.Add(1)
		go func(i int) {
			err := one(sess, mode, n, sx)
			mu.Lock()
			if isRefusal(err) {
				refused++
			} else if err != nil {
				log.Printf("stream %d, %s %d: %v", i, mode, n, err)
				bad++
			}
			mu.Unlock()
			<-slots
			wg.Done()
		}(i)
	}
	wg.Wait()
	fmt.Printf("opened %d\n", *streams-refused)
	return bad
}

func acceptAll(sess *yamux.Session) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	bad, n := 0, 0
	for {
		s, err := sess.Accept()
		if err != nil {
			break
		}
		if n++; n == *leave {
			sess.GoAway()
		}
		wg.Add(1)
		go func(i int) {
			if err := serve(s); err != nil {
				log.Printf("stream %d: %v", i, err)
				mu.Lock()
				bad++
				mu.Unlock()
			}
			wg.Done()
		}(n)
	}
	wg.Wait()
	fmt.Printf("served %d\n", n)
	return bad
}

func dial() (net.Conn, error) {
	if *useTLS {
		return tls.Dial("tcp", *connect, &tls.Config{InsecureSkipVerify: true})
	}
	return net.Dial("tcp", *connect)
}

func accept() (net.Conn, error) {
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return nil, err
	}
	if *portFile != "" {
		port := fmt.Sprintf("%d\n", l.Addr().(*net.TCPAddr).Port)
		if err := ioutil.WriteFile(*portFile+".new", []byte(port), 0644); err != nil {
			return nil, err
		}
		if err := os.Rename(*portFile+".new", *portFile); err != nil {
			return nil, err
		}
	}
	c, err := l.Accept()
	if err != nil || *cert == "" {
		return c, err
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		return nil, err
	}
	return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}}), nil
}

func main() {
	flag.Parse()
	var c net.Conn
	var err error
	if *listen != "" {
		c, err = accept()
	} else {
		c, err = dial()
	}
	if err != nil {
		log.Fatal(err)
	}
	conf := yamux.DefaultConfig()
	conf.LogOutput = ioutil.Discard
	var bad int
	if *open {
		sess, err := yamux.Client(c, conf)
		if err != nil {
			log.Fatal(err)
		}
		if *speed {
			openSpeed(sess)
		} else {
			stop := make(chan bool)
			answered := make(chan bool)
			go func() { ping(sess, stop); close(answered) }()
			bad = openAll(sess)
			close(stop)
			<-answered
		}
		sess.GoAway()
		sess.Close()
	} else {
		sess, err := yamux.Server(c, conf)
		if err != nil {
			log.Fatal(err)
		}
		if *speed {
			acceptSpeed(sess)
		} else {
			bad = acceptAll(sess)
		}
	}
	if !*speed {
		fmt.Printf("equal %d\nreset %d\n", equal, resets)
	}
	if bad > 0 {
		log.Fatalf("%d streams went wrong", bad)
	}
}
