/*
 * jsonlib.h - json-c, loaded when its first function is called (dynlib.h): each
 * is from here on a member of a table. For json.c alone.
 */
#ifndef DATA_JSONLIB_H
#define DATA_JSONLIB_H

/* Three of its types have names of ours; they get others here. */
#define json_bool	jsonc_bool
#define json_object	jsonc_object
#define json_type	jsonc_type
#include <json-c/json.h>
#undef json_bool
#undef json_object
#undef json_type

#include "base/dynlib.h"

#define JSONLIB_FUNCTIONS(F) \
	F(json_object_array_add) \
	F(json_object_array_get_idx) \
	F(json_object_array_length) \
	F(json_object_get_boolean) \
	F(json_object_get_double) \
	F(json_object_get_int64) \
	F(json_object_get_object) \
	F(json_object_get_string) \
	F(json_object_get_string_len) \
	F(json_object_get_type) \
	F(json_object_is_type) \
	F(json_object_new_array) \
	F(json_object_new_boolean) \
	F(json_object_new_double) \
	F(json_object_new_int64) \
	F(json_object_new_object) \
	F(json_object_new_string) \
	F(json_object_object_add) \
	F(json_object_object_get_ex) \
	F(json_object_object_length) \
	F(json_object_put) \
	F(json_tokener_error_desc) \
	F(json_tokener_free) \
	F(json_tokener_get_error) \
	F(json_tokener_get_parse_end) \
	F(json_tokener_new_ex) \
	F(json_tokener_parse_ex) \
	F(json_tokener_set_flags)

struct jsonlib { JSONLIB_FUNCTIONS(DYNLIB_MEMBER) };

/* Dies where it is not installed. */
const struct jsonlib *jsonlib(void);

#define json_object_array_add		(jsonlib()->json_object_array_add)
#define json_object_array_get_idx	(jsonlib()->json_object_array_get_idx)
#define json_object_array_length	(jsonlib()->json_object_array_length)
#define json_object_get_boolean		(jsonlib()->json_object_get_boolean)
#define json_object_get_double		(jsonlib()->json_object_get_double)
#define json_object_get_int64		(jsonlib()->json_object_get_int64)
#define json_object_get_object		(jsonlib()->json_object_get_object)
#define json_object_get_string		(jsonlib()->json_object_get_string)
#define json_object_get_string_len	(jsonlib()->json_object_get_string_len)
#define json_object_get_type		(jsonlib()->json_object_get_type)
#define json_object_is_type		(jsonlib()->json_object_is_type)
#define json_object_new_array		(jsonlib()->json_object_new_array)
#define json_object_new_boolean		(jsonlib()->json_object_new_boolean)
#define json_object_new_double		(jsonlib()->json_object_new_double)
#define json_object_new_int64		(jsonlib()->json_object_new_int64)
#define json_object_new_object		(jsonlib()->json_object_new_object)
#define json_object_new_string		(jsonlib()->json_object_new_string)
#define json_object_object_add		(jsonlib()->json_object_object_add)
#define json_object_object_get_ex	(jsonlib()->json_object_object_get_ex)
#define json_object_object_length	(jsonlib()->json_object_object_length)
#define json_object_put			(jsonlib()->json_object_put)
#define json_tokener_error_desc		(jsonlib()->json_tokener_error_desc)
#define json_tokener_free		(jsonlib()->json_tokener_free)
#define json_tokener_get_error		(jsonlib()->json_tokener_get_error)
#define json_tokener_get_parse_end	(jsonlib()->json_tokener_get_parse_end)
#define json_tokener_new_ex		(jsonlib()->json_tokener_new_ex)
#define json_tokener_parse_ex		(jsonlib()->json_tokener_parse_ex)
#define json_tokener_set_flags		(jsonlib()->json_tokener_set_flags)

#endif
