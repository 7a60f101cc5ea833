/* strcode.c - text forms of bytes: hex, base64, quoting, UTF-8 (str.h). */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

static const char base64_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
str_hex(const void *p, size_t len, char *out)
{
	static const char	 digits[] = "0123456789abcdef";
	const unsigned char	*b = p;
	size_t			 i;

	for (i = 0; i < len; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = '\0';
}

int
str_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
str_unhex(const char *s, void *out, size_t len)
{
	unsigned char	*b = out;
	size_t		 i;

	if (strlen(s) / 2 != len || strlen(s) % 2 != 0)
		return -1;
	for (i = 0; i < 2 * len; i++)
		if (str_hex_value(s[i]) == -1)
			return -1;
	for (i = 0; i < len; i++)
		b[i] = (unsigned char)(str_hex_value(s[2 * i]) << 4 |
		    str_hex_value(s[2 * i + 1]));
	return 0;
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* n digits (2 to 4) to n - 1 bytes. False if one is none, or if bits that no
 * byte takes are set: one text for one value (RFC 4648 section 3.5). */
static bool
base64_group(const char *s, size_t n, unsigned char *out)
{
	uint32_t	 bits = 0;
	unsigned	 spare = (unsigned)(4 - n) * 8;
	size_t		 i;
	int		 v;

	for (i = 0; i < 4; i++) {
		v = i < n ? base64_value(s[i]) : 0;
		if (v == -1)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	if ((bits & ((UINT32_C(1) << spare) - 1)) != 0)
		return false;
	for (i = 0; i + 1 < n; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	return true;
}

char *
str_base64_decode(const char *s, size_t *len)
{
	size_t	 in = strlen(s), at = 0, n;
	char	*out;

	if (in % 4 != 0)
		return NULL;
	out = xmalloc(in / 4 * 3 + 1);
	for (; in != 0; in -= 4, s += 4) {
		n = 4;
		if (in == 4 && s[3] == '=')
			n = s[2] == '=' ? 2 : 3;
		if (!base64_group(s, n, (unsigned char *)out + at)) {
			free(out);
			return NULL;
		}
		at += n - 1;
	}
	out[at] = '\0';
	if (len != NULL)
		*len = at;
	return out;
}

char *
str_base64_encode(const void *p, size_t len)
{
	const unsigned char	*b = p;
	size_t			 i, at = 0, n;
	uint32_t		 bits;
	char			*out;

	if (len > SIZE_MAX / 4)
		fatalx("base64 of %zu bytes: too long", len);
	out = xmalloc((len + 2) / 3 * 4 + 1);
	for (i = 0; i < len; i += n) {
		n = len - i < 3 ? len - i : 3;
		bits = (uint32_t)b[i] << 16;
		if (n > 1)
			bits |= (uint32_t)b[i + 1] << 8;
		if (n > 2)
			bits |= b[i + 2];
		out[at++] = base64_chars[bits >> 18];
		out[at++] = base64_chars[bits >> 12 & 63];
		out[at++] = n > 1 ? base64_chars[bits >> 6 & 63] : '=';
		out[at++] = n > 2 ? base64_chars[bits & 63] : '=';
	}
	out[at] = '\0';
	return out;
}

/* RFC 3629: shortest form only, no surrogates, nothing over U+10FFFF. */
size_t
str_utf8(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t	 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char		 c;
	size_t			 n, i;
	uint32_t		 v;

	if (len == 0)
		return 0;
	c = (unsigned char)s[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > len)
		return 0;
	v = c & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*cp = v;
	return n;
}

/* Controls, spaces other than ' ', marks without a shape, directions, private
 * use. */
bool
str_hidden(uint32_t cp)
{
	static const struct {
		uint32_t	 from, to;
	} hidden[] = {
		{ 0x0000, 0x001f }, { 0x007f, 0x00a0 }, { 0x00ad, 0x00ad },
		{ 0x0600, 0x0605 }, { 0x061c, 0x061c }, { 0x06dd, 0x06dd },
		{ 0x070f, 0x070f }, { 0x08e2, 0x08e2 }, { 0x1680, 0x1680 },
		{ 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xe000, 0xf8ff },
		{ 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
		{ 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
		{ 0x13430, 0x13438 }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe00ff },
		{ 0xe01f0, 0x10ffff },
	};
	size_t	 i;

	for (i = 0; i < nitems(hidden); i++)
		if (cp >= hidden[i].from && cp <= hidden[i].to)
			return true;
	return (cp & 0xfffe) == 0xfffe;
}

/* A character that cannot stand as it is. */
static void
quote_escape(struct str *q, uint32_t cp)
{
	static const char	 codes[] = "\a\b\f\n\r\t\v\\\"";
	static const char	 letters[] = "abfnrtv\\\"";
	const char		*c;

	if (cp != 0 && cp < 0x80 && (c = strchr(codes, (int)cp)) != NULL)
		str_addf(q, "\\%c", letters[c - codes]);
	else if (cp < 0x80)
		str_addf(q, "\\x%02x", (unsigned)cp);
	else if (cp < 0x10000)
		str_addf(q, "\\u%04x", (unsigned)cp);
	else
		str_addf(q, "\\U%08x", (unsigned)cp);
}

char *
str_quote(const char *s)
{
	struct str	 q = STR_INIT;
	size_t		 left = strlen(s), n;
	uint32_t	 cp;

	str_addc(&q, '"');
	for (; left != 0; s += n, left -= n) {
		n = str_utf8(s, left, &cp);
		if (n == 0) {
			str_addf(&q, "\\x%02x", (unsigned char)*s);
			n = 1;
		} else if (cp == '"' || cp == '\\' || str_hidden(cp))
			quote_escape(&q, cp);
		else
			str_addn(&q, s, n);
	}
	str_addc(&q, '"');
	return str_take(&q);
}
