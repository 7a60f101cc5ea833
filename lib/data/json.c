/*
 * json.c - json.h over json-c. A struct json is its json_object by another name;
 * null is a null pointer, as there. Texts are written by us, since json-c's
 * spacing is another one and it passes on strings that are not UTF-8.
 */
#include "data/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "data/jsonlib.h"

#define INDENT 2

static struct jsonc_object *
inner(const struct json *j)
{
	return (struct jsonc_object *)(uintptr_t)j;
}

static struct json *
outer(struct jsonc_object *o)
{
	if (o == NULL)
		fatalx("json: out of memory");
	return (struct json *)o;
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629 section 4), or 0. */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	size_t		n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
			    p[0] < 0xf5 ? 4 : 0;
	size_t		i;
	unsigned	low = 0x80, high = 0xbf;

	if (p[0] < 0x80)
		return 1;
	if (n == 0 || n > left)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;	/* no surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

/* ---- reading ---- */

static size_t
skip_digits(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] >= '0' && text[at] <= '9')
		at++;
	return at;
}

/* Where the number that begins here ends, 0 if it is none (RFC 8259 section 6;
 * json-c takes "1." for one). */
static size_t
skip_number(const char *text, size_t at, size_t len)
{
	size_t	digits = at + (text[at] == '-');

	at = skip_digits(text, digits, len);
	if (at == digits || (text[digits] == '0' && at > digits + 1))
		return 0;
	if (at < len && text[at] == '.') {
		digits = at + 1;
		at = skip_digits(text, digits, len);
		if (at == digits)
			return 0;
	}
	if (at < len && (text[at] == 'e' || text[at] == 'E')) {
		digits = at + 1;
		if (digits < len && (text[digits] == '+' || text[digits] == '-'))
			digits++;
		at = skip_digits(text, digits, len);
		if (at == digits)
			return 0;
	}
	return at;
}

/* Behind the string that begins here, or len. A NUL would end it early for us
 * and hide what follows. */
static size_t
skip_string(const char *text, size_t at, size_t len, const char **fault)
{
	size_t	n;

	for (at++; at < len && text[at] != '"'; at += n) {
		n = utf8_len((const unsigned char *)text + at, len - at);
		if (n == 0) {
			*fault = "a string is not UTF-8";
			n = 1;
		} else if ((unsigned char)text[at] < 0x20)
			*fault = "a control character in a string";
		else if (text[at] == '\\') {
			if (len - at >= 6 && memcmp(text + at, "\\u0000", 6) == 0)
				*fault = "a string holds a NUL";
			n = 2;
		}
	}
	return at < len ? at + 1 : len;
}

/* What json-c is too kind to, or NULL; *at is where. */
static const char *
find_fault(const char *text, size_t len, size_t *at)
{
	const char	*fault = NULL;
	size_t		 i, next;

	for (i = 0; i < len; i = next) {
		*at = i;
		next = i + 1;
		if (text[i] == '"')
			next = skip_string(text, i, len, &fault);
		else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
			next = skip_number(text, i, len);
			if (next == 0)
				fault = "this is no number";
		} else if (text[i] == '\'' || text[i] == '/' || text[i] == '\0')
			fault = "unexpected character";
		if (fault != NULL)
			return fault;
	}
	return NULL;
}

static size_t
skip_blanks(const char *text, size_t at, size_t len)
{
	while (at < len && (text[at] == ' ' || text[at] == '\t' ||
	    text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

static struct json *
refuse(struct err *e, size_t at, const char *why)
{
	err_set(e, "parse JSON: at byte %zu: %s", at, why);
	return NULL;
}

/* json-c takes NaN and Infinity for numbers, JSON does not. */
static bool
is_finite(struct jsonc_object *o)
{
	struct lh_entry	*ent;

	if (json_object_is_type(o, json_type_double))
		return isfinite(json_object_get_double(o));
	if (json_object_is_type(o, json_type_object)) {
		for (ent = lh_table_head(json_object_get_object(o)); ent != NULL;
		    ent = lh_entry_next(ent))
			if (!is_finite(lh_entry_v(ent)))
				return false;
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			if (!is_finite(json_object_array_get_idx(o, i)))
				return false;
	}
	return true;
}

struct json *
json_parse(const char *text, size_t len, struct err *e)
{
	struct json_tokener	*tok;
	struct jsonc_object	*o;
	enum json_tokener_error	 jerr;
	const char		*fault;
	size_t			 at = 0;

	fault = len > INT32_MAX / 2 ? "too long" : find_fault(text, len, &at);
	if (fault != NULL)
		return refuse(e, at, fault);
	tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (tok == NULL)
		fatalx("json: out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
	    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = json_tokener_parse_ex(tok, text, (int)len);
	jerr = json_tokener_get_error(tok);
	at = json_tokener_get_parse_end(tok);
	if (jerr == json_tokener_continue && at == len) {
		/* A number ends only where something follows it. */
		o = json_tokener_parse_ex(tok, "\n", 1);
		jerr = json_tokener_get_error(tok);
		at = jerr == json_tokener_success ? len : at;
	}
	json_tokener_free(tok);
	if (jerr != json_tokener_success)
		return refuse(e, at, jerr == json_tokener_continue ?
		    "the text ends too early" : json_tokener_error_desc(jerr));
	at = skip_blanks(text, at, len);
	if (at == len && o != NULL && is_finite(o))
		return outer(o);
	json_object_put(o);
	return refuse(e, at, at < len ? "something follows the value" :
	    o == NULL ? "the value is null" : "a number is out of range");
}

/* ---- writing ---- */

static void
write_control(struct str *out, unsigned char c)
{
	static const char	named[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	size_t			i;

	for (i = 0; named[i] != '\0'; i += 2)
		if (named[i] == (char)c) {
			str_addc(out, '\\');
			str_addc(out, named[i + 1]);
			return;
		}
	str_addf(out, "\\u%04x", c);
}

static void
write_string(struct str *out, const char *s, size_t len)
{
	const unsigned char	*p = (const unsigned char *)s;
	size_t			 i, n;

	str_addc(out, '"');
	for (i = 0; i < len; i += n) {
		n = utf8_len(p + i, len - i);
		if (n == 0) {
			str_add(out, "\xef\xbf\xbd");
			n = 1;
		} else if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] == 0x7f)
			write_control(out, p[i]);
		else
			str_addn(out, p + i, n);
	}
	str_addc(out, '"');
}

/* The shortest text that reads back as the same number. */
static void
write_double(struct str *out, double d)
{
	char	text[32];
	int	digits;

	if (!isfinite(d) || d == 0) {
		str_add(out, d == 0 ? "0" : "null");
		return;
	}
	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	str_add(out, text);
}

static void
write_break(struct str *out, bool pretty, int depth)
{
	if (!pretty)
		return;
	str_addc(out, '\n');
	for (int i = 0; i < depth * INDENT; i++)
		str_addc(out, ' ');
}

static void write_value(struct str *, struct jsonc_object *, bool pretty, int depth);

static void
write_object(struct str *out, struct jsonc_object *o, bool pretty, int depth)
{
	struct lh_entry	*first = lh_table_head(json_object_get_object(o)), *ent;
	const char	*key;

	str_addc(out, '{');
	for (ent = first; ent != NULL; ent = lh_entry_next(ent)) {
		if (ent != first)
			str_addc(out, ',');
		write_break(out, pretty, depth + 1);
		key = lh_entry_k(ent);
		write_string(out, key, strlen(key));
		str_add(out, pretty ? ": " : ":");
		write_value(out, lh_entry_v(ent), pretty, depth + 1);
	}
	if (first != NULL)
		write_break(out, pretty, depth);
	str_addc(out, '}');
}

static void
write_array(struct str *out, struct jsonc_object *o, bool pretty, int depth)
{
	size_t	i, n = json_object_array_length(o);

	str_addc(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			str_addc(out, ',');
		write_break(out, pretty, depth + 1);
		write_value(out, json_object_array_get_idx(o, i), pretty, depth + 1);
	}
	if (n > 0)
		write_break(out, pretty, depth);
	str_addc(out, ']');
}

static void
write_value(struct str *out, struct jsonc_object *o, bool pretty, int depth)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		str_add(out, "null");
		break;
	case json_type_boolean:
		str_add(out, json_object_get_boolean(o) ? "true" : "false");
		break;
	case json_type_int:
		str_addf(out, "%lld", (long long)json_object_get_int64(o));
		break;
	case json_type_double:
		write_double(out, json_object_get_double(o));
		break;
	case json_type_string:
		write_string(out, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		write_array(out, o, pretty, depth);
		break;
	case json_type_object:
		write_object(out, o, pretty, depth);
		break;
	}
}

char *
json_text(const struct json *j, bool pretty)
{
	struct str	out = STR_INIT;

	write_value(&out, inner(j), pretty, 0);
	return str_take(&out);
}

/* ---- making ---- */

void
json_free(struct json *j)
{
	json_object_put(inner(j));
}

struct json *
json_object(void)
{
	return outer(json_object_new_object());
}

struct json *
json_array(void)
{
	return outer(json_object_new_array());
}

void
json_set(struct json *object, const char *key, struct json *value)
{
	if (json_object_object_add(inner(object), key, inner(value)) != 0)
		fatalx("json: out of memory");
}

static struct json *
new_string(const char *s)
{
	return s != NULL ? outer(json_object_new_string(s)) : NULL;
}

void
json_set_str(struct json *object, const char *key, const char *s)
{
	json_set(object, key, new_string(s));
}

void
json_set_int(struct json *object, const char *key, int64_t n)
{
	json_set(object, key, outer(json_object_new_int64(n)));
}

void
json_set_double(struct json *object, const char *key, double d)
{
	json_set(object, key, outer(json_object_new_double(d)));
}

void
json_set_bool(struct json *object, const char *key, bool b)
{
	json_set(object, key, outer(json_object_new_boolean(b)));
}

void
json_push(struct json *array, struct json *value)
{
	if (json_object_array_add(inner(array), inner(value)) != 0)
		fatalx("json: out of memory");
}

void
json_push_str(struct json *array, const char *s)
{
	json_push(array, new_string(s));
}

/* ---- asking ---- */

enum json_type
json_is(const struct json *j)
{
	switch (json_object_get_type(inner(j))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_double:
		return JSON_DOUBLE;
	case json_type_int:
		return JSON_INT;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_string:
		return JSON_STRING;
	case json_type_null:
		break;
	}
	return JSON_NULL;
}

const char *
json_value_str(const struct json *j)
{
	return json_is(j) == JSON_STRING ? json_object_get_string(inner(j)) : NULL;
}

int64_t
json_value_int(const struct json *j, int64_t otherwise)
{
	return json_is(j) == JSON_INT ? json_object_get_int64(inner(j)) : otherwise;
}

struct json *
json_get(const struct json *object, const char *key)
{
	struct jsonc_object	*value = NULL;

	if (json_is(object) == JSON_OBJECT)
		json_object_object_get_ex(inner(object), key, &value);
	return (struct json *)value;
}

const char *
json_str(const struct json *object, const char *key, const char *otherwise)
{
	const char	*s = json_value_str(json_get(object, key));

	return s != NULL ? s : otherwise;
}

int64_t
json_int(const struct json *object, const char *key, int64_t otherwise)
{
	return json_value_int(json_get(object, key), otherwise);
}

bool
json_bool(const struct json *object, const char *key, bool otherwise)
{
	const struct json	*v = json_get(object, key);

	return json_is(v) == JSON_BOOL ? json_object_get_boolean(inner(v)) : otherwise;
}

size_t
json_len(const struct json *j)
{
	switch (json_is(j)) {
	case JSON_ARRAY:
		return json_object_array_length(inner(j));
	case JSON_OBJECT:
		return (size_t)json_object_object_length(inner(j));
	default:
		return 0;
	}
}

struct json *
json_at(const struct json *array, size_t i)
{
	if (i >= json_len(array) || json_is(array) != JSON_ARRAY)
		return NULL;
	return (struct json *)json_object_array_get_idx(inner(array), i);
}

bool
json_next(const struct json *object, void **it, const char **key,
    struct json **value)
{
	struct lh_entry	*ent = *it;

	if (json_is(object) != JSON_OBJECT)
		return false;
	ent = ent == NULL ? lh_table_head(json_object_get_object(inner(object))) :
	    lh_entry_next(ent);
	if (ent == NULL)
		return false;
	*it = ent;
	*key = lh_entry_k(ent);
	*value = lh_entry_v(ent);
	return true;
}
