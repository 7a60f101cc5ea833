/*
 * stockbuildlet.c - a machine as the stock Go buildlets are: version 25, revdial
 * version 2, written from PROTOCOL 2 and recorded traffic. Regress scripts run
 * it against the coordinator.
 *
 *	stockbuildlet [-type T] [-name N] [-key KEY] [-version N] [-revdial V]
 *	    [-dir DIR] [-files SCRIPT] [-silent PHASE] HOST:PORT
 *
 * Without -key it registers with Go's development key for its host type. It
 * prints "registered" once it is; a refusal goes to stderr as "refused: STATUS
 * TEXT", exit status 1. As strict as Go: what shares a TLS record with the head
 * of a 101 is lost there, so here it ends the program with status 3.
 *
 * -silent: status, removeall, exec or write: such a request is read and never
 * answered; body: the answer of exec begins and stops; pickup: no connection is
 * made when asked for; dead: nothing at all is read once it is registered.
 * -files: stockfiles.sh, which does what there is to do with files.
 * It stands on its own, not on lib/, so as not to share its mistakes.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#define RECORD_MAX	16384
#define HEAD_MAX	65536
#define BODY_MAX	(64 * 1024 * 1024)
#define ARGS_MAX	64
#define MASTER		"gophers rule"

struct machine {
	const char	*type, *name, *key, *version, *revdial, *dir, *files, *silent, *host, *port;
	SSL_CTX		*ctx;
};

struct request {
	char	 method[16], path[256], query[4096];
	char	*body;
	size_t	 len;
};

/* --- connections ------------------------------------------------------------------- */

static _Noreturn void
die(int status, const char *what)
{
	fprintf(stderr, "stockbuildlet: %s\n", what);
	_exit(status);		/* memory is not given back, on purpose */
}

static int
dial(const struct machine *m)
{
	struct addrinfo	hints = { .ai_socktype = SOCK_STREAM }, *ai, *a;
	int		fd = -1, on = 1;

	if (getaddrinfo(m->host, m->port, &hints, &ai) != 0)
		return -1;
	for (a = ai; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(ai);
	if (fd != -1)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

/* No ALPN, and a server name with the port in it, as recorded. */
static SSL *
dial_tls(const struct machine *m)
{
	int	 fd = dial(m);
	SSL	*ssl;

	if (fd == -1)
		return NULL;
	ssl = SSL_new(m->ctx);
	SSL_set_fd(ssl, fd);
	SSL_set_tlsext_host_name(ssl, "localhost:8119");
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void
hang_up(SSL *ssl)
{
	int	fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	close(fd);
}

static bool
say(SSL *ssl, const char *p, size_t len)
{
	return len == 0 || SSL_write(ssl, p, (int)len) == (int)len;
}

static bool
says(SSL *ssl, const char *text)
{
	return say(ssl, text, strlen(text));
}

/* One TLS record holds the answer's head. Go loses what comes behind it there,
 * and so may nothing. Returns the status; line gets the rest of the answer. */
static int
handshake(SSL *ssl, const char *request, char line[RECORD_MAX + 1])
{
	int	 n, status = 0;
	char	*end;

	if (!says(ssl, request) || (n = SSL_read(ssl, line, RECORD_MAX)) <= 0)
		return 0;
	line[n] = '\0';
	if (sscanf(line, "HTTP/1.1 %d ", &status) != 1)
		die(3, "the answer is no HTTP/1.1 head");
	if (status != 101)
		return status;
	end = strstr(line, "\r\n\r\n");
	if (end == NULL)
		die(3, "the 101 does not lie in one TLS record");
	if (end[4] != '\0')
		die(3, "something shares a TLS record with the 101");
	return status;
}

/* --- requests ------------------------------------------------------------------------ */

static char *
unescape(char *s)
{
	char		*from = s, *to = s;
	unsigned	 c;

	for (; *from != '\0'; from++) {
		if (*from == '%' && sscanf(from + 1, "%2x", &c) == 1) {
			*to++ = (char)c;
			from += 2;
		} else
			*to++ = *from == '+' ? ' ' : *from;
	}
	*to = '\0';
	return s;
}

/* The n-th value of name in a form, malloc'ed; NULL. */
static char *
field(const char *form, const char *name, int n)
{
	size_t		 len = strlen(name);
	const char	*p = form;
	char		*value;

	for (; p != NULL && *p != '\0'; p = strchr(p, '&')) {
		p += *p == '&';
		if (strncmp(p, name, len) != 0 || p[len] != '=' || n-- > 0)
			continue;
		value = strndup(p + len + 1, strcspn(p + len + 1, "&"));
		return unescape(value);
	}
	return NULL;
}

static bool
read_more(SSL *ssl, char **buf, size_t *len)
{
	int	n;

	*buf = realloc(*buf, *len + RECORD_MAX + 1);
	if (*buf == NULL || *len > BODY_MAX || (n = SSL_read(ssl, *buf + *len, RECORD_MAX)) <= 0)
		return false;
	*len += (size_t)n;
	(*buf)[*len] = '\0';
	return true;
}

/* A chunked body in place; false: more is needed. */
static bool
dechunk(char *p, size_t len, size_t *out)
{
	char	*end = p + len, *to = p, *from = p, *line;
	size_t	 size;

	for (;;) {
		line = memmem(from, (size_t)(end - from), "\r\n", 2);
		if (line == NULL)
			return false;
		size = strtoul(from, NULL, 16);
		from = line + 2;
		if ((size_t)(end - from) < size + 2)
			return false;
		memmove(to, from, size);
		to += size;
		from += size + 2;
		if (size == 0)
			break;
	}
	*out = (size_t)(to - p);
	return true;
}

/* Tries to find a whole body; copies, since dechunk works in place. */
static bool
body_whole(const char *head, const char *body, size_t have, struct request *r)
{
	const char	*length = strcasestr(head, "\r\nContent-Length:");
	size_t		 want = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
	bool		 chunked = strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL;

	if (!chunked && have < want)
		return false;
	r->body = malloc(have + 1);
	memcpy(r->body, body, have);
	r->len = want;
	if (chunked && !dechunk(r->body, have, &r->len)) {
		free(r->body);
		return false;
	}
	r->body[r->len] = '\0';
	return true;
}

/* One request at a time, never pipelined, as the coordinator sends them. */
static bool
read_request(SSL *ssl, struct request *r)
{
	char	*buf = NULL, *end = NULL, target[4400], *query;
	size_t	 len = 0;
	bool	 ok = false;

	memset(r, 0, sizeof *r);
	while (end == NULL && len < HEAD_MAX && read_more(ssl, &buf, &len))
		end = strstr(buf, "\r\n\r\n");
	if (end == NULL || sscanf(buf, "%15s %4399s HTTP/1.1", r->method, target) != 2)
		goto out;
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	snprintf(r->path, sizeof r->path, "%.255s", target);
	snprintf(r->query, sizeof r->query, "%.4095s", query == NULL ? "" : query);
	end[2] = '\0';
	while (!(ok = body_whole(buf, end + 4, len - (size_t)(end + 4 - buf), r))) {
		size_t	at = (size_t)(end - buf);

		if (!read_more(ssl, &buf, &len))
			break;
		end = buf + at;
	}
out:
	free(buf);
	return ok;
}

/* --- answers -------------------------------------------------------------------------- */

static bool
answer(SSL *ssl, int status, const char *type, const char *p, size_t len)
{
	char	head[512];

	snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\n%s%s%sContent-Length: %zu\r\n\r\n",
	    status, status == 200 ? "OK" : "Status", type == NULL ? "" : "Content-Type: ",
	    type == NULL ? "" : type, type == NULL ? "" : "\r\n", len);
	return says(ssl, head) && say(ssl, p, len);
}

static bool
answer_text(SSL *ssl, int status, const char *text)
{
	return answer(ssl, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* m->files does it, with the body on stdin; what it prints is the answer. */
static int
run_files(const struct machine *m, const struct request *r, FILE *in, FILE *out)
{
	static const char	*names[] = { "dir", "recursive", "digest", "path" };
	const char		*form = strcmp(r->path, "/removeall") == 0 ? r->body : r->query;
	char			*argv[ARGS_MAX + 5] = { "sh", (char *)m->files, (char *)r->path,
				    (char *)m->dir }, *value;
	size_t			 i, n = 4;
	int			 k, status = -1;
	pid_t			 pid;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		for (k = 0; n < ARGS_MAX + 4 && (value = field(form, names[i], k)) != NULL; k++)
			if (asprintf(&argv[n++], "%s=%s", names[i], value) == -1)
				die(1, "memory");
	if ((pid = fork()) == 0) {
		dup2(fileno(in), 0);
		dup2(fileno(out), 1);
		execv("/bin/sh", argv);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status;
}

static bool
do_files(SSL *ssl, const struct machine *m, const struct request *r)
{
	FILE	*in = tmpfile(), *out = tmpfile();
	char	*text = malloc(BODY_MAX);
	size_t	 len;
	bool	 ok;
	int	 status;

	if (in == NULL || out == NULL || text == NULL)
		die(1, "files");
	fwrite(r->body, 1, r->len, in);
	rewind(in);
	status = run_files(m, r, in, out);
	rewind(out);
	len = fread(text, 1, BODY_MAX, out);
	ok = answer(ssl, status == 0 ? 200 : 500, "text/plain; charset=utf-8", text, len);
	fclose(in);
	fclose(out);
	free(text);
	return ok;
}

/* --- exec ------------------------------------------------------------------------------ */

static pid_t
spawn(const struct machine *m, const struct request *r, int *from)
{
	char	*argv[ARGS_MAX + 2] = { field(r->body, "cmd", 0) }, *env;
	int	 to[2], i;
	pid_t	 pid;

	for (i = 0; i < ARGS_MAX && (argv[i + 1] = field(r->body, "cmdArg", i)) != NULL; i++)
		;
	if (pipe(to) == -1 || (pid = fork()) == -1)
		die(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);	/* with who serves us */
		dup2(to[1], 1);
		dup2(to[1], 2);
		close(to[0]);
		close(to[1]);
		for (i = 0; (env = field(r->body, "env", i)) != NULL; i++)
			putenv(env);
		if (chdir(m->dir) == 0 && argv[0] != NULL)
			execvp(argv[0], argv);
		_exit(127);
	}
	close(to[1]);
	*from = to[0];
	return pid;
}

/* A chunk for each read; the process dies if the connection does. */
static bool
follow(SSL *ssl, int from, pid_t pid)
{
	struct pollfd	p[2] = { { from, POLLIN, 0 }, { SSL_get_fd(ssl), POLLIN, 0 } };
	char		buf[8192], size[24];
	ssize_t		n;

	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return false;
		if (p[1].revents != 0) {
			kill(pid, SIGKILL);
			return false;
		}
		if (p[0].revents == 0)
			continue;
		if ((n = read(from, buf, sizeof buf)) <= 0)
			return true;
		snprintf(size, sizeof size, "%zx\r\n", (size_t)n);
		if (!says(ssl, size) || !say(ssl, buf, (size_t)n) || !says(ssl, "\r\n"))
			return false;
	}
}

static bool
do_exec(SSL *ssl, const struct machine *m, const struct request *r)
{
	int	status = 0, from;
	char	end[128];
	pid_t	pid;
	bool	ok;

	if (!says(ssl, "HTTP/1.1 200 OK\r\nTrailer: Process-State\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"))
		return false;
	while (strcmp(m->silent, "body") == 0)
		pause();
	pid = spawn(m, r, &from);
	ok = follow(ssl, from, pid);
	waitpid(pid, &status, 0);
	snprintf(end, sizeof end, "ok");
	if (WIFSIGNALED(status))
		snprintf(end, sizeof end, "signal: killed");
	else if (WEXITSTATUS(status) != 0)
		snprintf(end, sizeof end, "exit status %d", WEXITSTATUS(status));
	return ok && says(ssl, "0\r\nProcess-State: ") && says(ssl, end) && says(ssl, "\r\n\r\n");
}

/* --- serving ---------------------------------------------------------------------------- */

static bool
serve_one(SSL *ssl, const struct machine *m, const struct request *r)
{
	char	status[32];

	if (m->silent[0] != '\0' && strcmp(r->path + 1, m->silent) == 0) {
		while (SSL_read(ssl, status, sizeof status) > 0)
			;
		return false;
	}
	if (strcmp(r->path, "/status") == 0) {
		snprintf(status, sizeof status, "{\"Version\":%s}", m->version);
		return answer(ssl, 200, "application/json; charset=utf-8", status, strlen(status));
	}
	if (strcmp(r->path, "/workdir") == 0)
		return answer_text(ssl, 200, m->dir);
	if (strstr(" /removeall /writetgz /write /ls ", r->path) != NULL)
		return do_files(ssl, m, r);
	if (strcmp(r->path, "/exec") == 0)
		return do_exec(ssl, m, r);
	return answer_text(ssl, 404, "404 page not found\n");
}

static void
serve(SSL *ssl, const struct machine *m)
{
	struct request	r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read_request(ssl, &r) && serve_one(ssl, m, &r))
		free(r.body);
	hang_up(ssl);
	_exit(0);
}

/* The coordinator wants a connection: a new one, which a process serves. */
static void
pick_up(SSL *control, const struct machine *m, const char *path)
{
	char	 text[1024], line[RECORD_MAX + 1];
	SSL	*ssl;

	if (strcmp(m->silent, "pickup") == 0)
		return;
	ssl = dial_tls(m);
	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: \r\nUser-Agent: "
	    "Go-http-client/1.1\r\n\r\n", path);
	if (ssl == NULL || handshake(ssl, text, line) != 101) {
		snprintf(text, sizeof text, "{\"command\":\"pickup-failed\",\"connPath\":\"%s\","
		    "\"err\":\"refused\"}\n", path);
		(void)says(control, text);
	} else if (fork() == 0)
		serve(ssl, m);
	if (ssl != NULL)
		hang_up(ssl);
}

static void
obey(SSL *control, const struct machine *m, char *line)
{
	char	*path = strstr(line, "\"connPath\":\"");

	if (strstr(line, "\"command\":\"conn-ready\"") == NULL || path == NULL)
		return;
	path += strlen("\"connPath\":\"");
	path[strcspn(path, "\"")] = '\0';
	pick_up(control, m, path);
}

static void
control_loop(SSL *control, const struct machine *m)
{
	char	*buf = NULL, *end;
	size_t	 len = 0;

	while (strcmp(m->silent, "dead") == 0)
		pause();
	while (read_more(control, &buf, &len)) {
		while ((end = memchr(buf, '\n', len)) != NULL) {
			*end = '\0';
			obey(control, m, buf);
			len -= (size_t)(end + 1 - buf);
			memmove(buf, end + 1, len);
		}
		if (len > HEAD_MAX)
			die(3, "a control line is too long");
	}
	free(buf);
}

/* --- starting ---------------------------------------------------------------------------- */

static const char *
development_key(const char *type)
{
	static char	hex[33];
	unsigned char	mac[16];
	unsigned	len = sizeof mac, i;

	HMAC(EVP_md5(), MASTER, sizeof MASTER - 1, (const unsigned char *)type, strlen(type),
	    mac, &len);
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", mac[i]);
	return hex;
}

static void
parse_args(struct machine *m, int argc, char **argv)
{
	struct { const char *name, **value; } options[] = {
		{ "-type", &m->type }, { "-name", &m->name }, { "-key", &m->key },
		{ "-version", &m->version }, { "-revdial", &m->revdial },
		{ "-dir", &m->dir }, { "-files", &m->files }, { "-silent", &m->silent },
	};
	char	*colon;
	size_t	 i;
	int	 a;

	for (a = 1; a + 1 < argc; a += 2) {
		for (i = 0; i < sizeof options / sizeof options[0]; i++)
			if (strcmp(argv[a], options[i].name) == 0)
				*options[i].value = argv[a + 1];
	}
	if (a >= argc || (colon = strrchr(argv[a], ':')) == NULL)
		die(2, "usage: stockbuildlet [option value ...] HOST:PORT");
	*colon = '\0';
	m->host = argv[a];
	m->port = colon + 1;
	if (m->key == NULL)
		m->key = development_key(m->type);
}

static SSL *
reverse(const struct machine *m)
{
	char	 text[2048], line[RECORD_MAX + 1] = "";
	SSL	*control = dial_tls(m);
	int	 status;

	if (control == NULL)
		die(1, "cannot connect");
	snprintf(text, sizeof text, "GET /reverse HTTP/1.1\r\nHost: \r\nUser-Agent: "
	    "Go-http-client/1.1\r\nX-Go-Builder-Hostname: %s\r\nX-Go-Builder-Key: %s\r\n"
	    "X-Go-Builder-Version: %s\r\nX-Go-Host-Type: %s\r\nX-Revdial-Version: %s\r\n\r\n",
	    m->name, m->key, m->version, m->type, m->revdial);
	status = handshake(control, text, line);
	if (status != 101) {
		fprintf(stderr, "refused: %d %s\n", status,
		    strstr(line, "\r\n\r\n") == NULL ? "" : strstr(line, "\r\n\r\n") + 4);
		_exit(1);
	}
	return control;
}

int
main(int argc, char **argv)
{
	struct machine		 m = { .type = "host-linux-amd64-reverse", .name = "stock1",
	    .version = "25", .revdial = "2", .dir = ".", .files = "", .silent = "" };
	struct sigaction	 ignore = { .sa_handler = SIG_IGN };	/* of SIGPIPE */
	SSL			*control;

	parse_args(&m, argc, argv);
	sigaction(SIGPIPE, &ignore, NULL);
	m.ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_read_ahead(m.ctx, 0);
	mkdir(m.dir, 0755);
	control = reverse(&m);
	printf("registered\n");
	fflush(stdout);
	control_loop(control, &m);
	printf("control connection closed\n");
	fflush(stdout);
	_exit(0);
}
