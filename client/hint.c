/* hint.c - what to do next (hint.h). */
#include "client/hint.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "client/call.h"
#include "client/execid.h"
#include "client/target.h"
#include "io/stream.h"

#define DOCTOR	" (gomote doctor tells what is wrong)"

/* The text has its own: in brackets behind it, or after a semicolon. */
static bool
tells_already(const char *text)
{
	return str_ends(text, ")") || strstr(text, "; ") != NULL ||
	    strstr(text, "gomote ") != NULL;
}

/* Stock buildlets tell of missing files with 500, and ours with 404. */
static bool
misses_file(const char *text)
{
	return strstr(text, "o such file") != NULL ||
	    strstr(text, "not found") != NULL;
}

static bool
is_barred(const char *text)
{
	return strstr(text, "ermission denied") != NULL ||
	    strstr(text, "not permitted") != NULL;
}

static bool
is_full(const char *text)
{
	return strstr(text, "o space left") != NULL ||
	    strstr(text, "is full") != NULL ||
	    strstr(text, "uota exceeded") != NULL;
}

/* A connection could not be made. */
static const char *
of_dial(const struct err *e)
{
	if (str_starts(e->msg, "buildlet: "))
		return e->code == STREAM_TLS ? " (port 443 means TLS, others do not)" :
		    " (does a buildlet listen there, and is the port right?)";
	return DOCTOR;
}

/* What went wrong with files there; NULL: it was nothing of the kind. */
static const char *
of_files(const char *said, bool coordinator)
{
	if (misses_file(said))
		return " (see gomote ls)";
	if (is_barred(said))
		return " (see gomote ls -l)";
	if (is_full(said))
		return coordinator ? " (tell its operator)" :
		    " (make room: gomote rm, or another instance)";
	return NULL;
}

/* What was asked is wrong, whatever it says it with. */
static const char *
of_words(const char *said)
{
	if (strstr(said, "invalid 'signal'") != NULL)
		return " (such as INT, SIGINT or 2)";
	if (strstr(said, "invalid '") != NULL)
		return " (see gomote help)";
	if (strstr(said, "requires gzip") != NULL)
		return " (is it a .tar.gz?)";
	if (strstr(said, "fetching http") != NULL)
		return " (the instance fetches it: is that there, for it?)";
	return NULL;
}

static const char *
of_login(bool direct, bool token, const char *instance)
{
	if (direct)
		return " (see -password-file)";
	if (!token)
		return " (no token is set; see GOMOTE_TOKEN)";
	return instance != NULL ? " (see gomote list)" : DOCTOR;
}

/* What was asked for is not there, or not in that state. */
static const char *
of_missing(const char *said, const char *instance)
{
	if (strstr(said, "exec") != NULL)
		return " (see gomote ps)";
	return instance != NULL ? " (see gomote ls)" : " (see gomote list)";
}

static const char *
of_trouble(bool direct, bool ours, int status)
{
	if (direct)
		return " (its log tells more)";
	if (status >= 502 && status <= 504)
		return ours ? " (try again soon, or see gomote doctor)" :
		    " (try again soon, or see gomote ping)";
	return ours ? " (its operator finds more in its log)" :
	    " (gomote ping tells whether it is well)";
}

const char *
hint_answer(int status, const char *hop, const char *said, bool token,
    const char *instance)
{
	bool		 ours = str_eq(hop, "coordinator");
	bool		 direct = instance != NULL && target_is_direct(instance);
	const char	*hint;

	if (status == 401)
		return of_login(direct, token, instance);
	if (status == 502 && ours && instance != NULL)
		return " (see gomote list)";
	if (tells_already(said))
		return "";
	if (strstr(said, "page not found") != NULL)
		return ours ? " (it is a stock coordinator, or an old one)" :
		    " (its machine has a stock buildlet, or an old one)";
	if (strstr(said, "builder type") != NULL)
		return " (see gomote create -list)";
	if ((hint = of_files(said, ours)) != NULL || (hint = of_words(said)) != NULL)
		return hint;
	switch (status) {
	case 403:
		return " (see gomote list)";
	case 404:
	case 409:
		return of_missing(said, instance);
	case 413:
		return " (send less at once)";
	case 429:
		return " (give something back first: gomote destroy)";
	case 400:
	case 405:
	case 501:
		return " (see gomote help; gomote doctor compares versions)";
	default:
		return of_trouble(direct, ours, status);
	}
}

static const char *
of_errno(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		return " (see that the name is right)";
	case EACCES:
	case EPERM:
	case EROFS:
		return " (see its permissions, and those of its directory)";
	case EISDIR:
		return " (name a file)";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return " (make room, or write elsewhere)";
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
		return " (this machine is short of that; end something, try again)";
	case EPIPE:
		return " (whoever read it has gone)";
	default:
		return "";
	}
}

static const char *
of_ours(const struct err *e)
{
	const char	*hint = e->code > 0 ? of_errno(e->code) : "";

	if (*hint != '\0')
		return hint;
	if (str_ends(e->msg, "is not installed"))
		return " (install it on this machine)";
	if (strstr(e->msg, " may be any of ") != NULL)
		return " (name it in full)";
	if (str_starts(e->msg, "load CA"))
		return DOCTOR;
	if (str_starts(e->msg, "coordinator: ") &&
	    (hint = of_files(e->msg, true)) != NULL)
		return hint;
	if (strstr(e->msg, "has no exec objects") != NULL)
		return " (its machine needs a newer buildlet, of ours)";
	if (str_starts(e->msg, "coordinator: "))
		return DOCTOR;
	if (str_starts(e->msg, "buildlet: "))
		return (hint = of_files(e->msg, false)) != NULL ? hint :
		    " (gomote ping tells whether it is well)";
	return is_full(e->msg) ? of_errno(ENOSPC) :
	    " (see gomote help and gomote(1))";
}

const char *
hint_for(const struct err *e)
{
	if (tells_already(e->msg) || e->code == CALL_CUT)
		return "";
	if (e->code == CALL_LOST)
		return str_starts(e->msg, "buildlet: ") ?
		    " (see whether it still runs)" : DOCTOR;
	if (e->code == EXECID_NONE)
		return " (see gomote ps)";
	if (strstr(e->msg, ": dial ") != NULL)
		return of_dial(e);
	return of_ours(e);
}
