/*
 * tlslib.h - OpenSSL, loaded when the first function of it is called: that
 * takes a millisecond, and as much again once it makes a context, which a
 * command that goes by the agent and most helpers never need.
 *
 * Includes its headers, too, and must stand where they would: each function
 * below is from there on a member of a table. For tls*.c, secret.c and
 * digest.c; the coordinator's pki.c, which runs at its start, is linked with
 * libcrypto in the usual way.
 */
#ifndef IO_TLSLIB_H
#define IO_TLSLIB_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/dynlib.h"

/* What we use of it, macros of its headers included. */
#define TLSLIB_FUNCTIONS(F) \
	F(ASN1_TIME_diff) \
	F(BIO_clear_flags) \
	F(BIO_get_data) \
	F(BIO_meth_free) \
	F(BIO_meth_new) \
	F(BIO_meth_set_ctrl) \
	F(BIO_meth_set_read) \
	F(BIO_meth_set_write) \
	F(BIO_new) \
	F(BIO_set_data) \
	F(BIO_set_flags) \
	F(BIO_set_init) \
	F(ERR_clear_error) \
	F(ERR_peek_error) \
	F(ERR_reason_error_string) \
	F(EVP_CIPHER_CTX_ctrl) \
	F(EVP_CIPHER_CTX_free) \
	F(EVP_CIPHER_CTX_new) \
	F(EVP_DigestFinal_ex) \
	F(EVP_DigestInit_ex) \
	F(EVP_DigestUpdate) \
	F(EVP_EncryptFinal_ex) \
	F(EVP_EncryptInit_ex) \
	F(EVP_EncryptUpdate) \
	F(EVP_MD_CTX_free) \
	F(EVP_MD_CTX_new) \
	F(EVP_PBE_scrypt) \
	F(EVP_aes_128_gcm) \
	F(EVP_md5) \
	F(EVP_sha1) \
	F(EVP_sha256) \
	F(HMAC) \
	F(OPENSSL_init_ssl) \
	F(SHA256) \
	F(SSL_CTX_check_private_key) \
	F(SSL_CTX_ctrl) \
	F(SSL_CTX_free) \
	F(SSL_CTX_get0_param) \
	F(SSL_CTX_get_ex_data) \
	F(SSL_CTX_load_verify_locations) \
	F(SSL_CTX_new) \
	F(SSL_CTX_sess_set_new_cb) \
	F(SSL_CTX_set_cipher_list) \
	F(SSL_CTX_set_ciphersuites) \
	F(SSL_CTX_set_default_passwd_cb) \
	F(SSL_CTX_set_default_verify_paths) \
	F(SSL_CTX_set_ex_data) \
	F(SSL_CTX_set_num_tickets) \
	F(SSL_CTX_set_options) \
	F(SSL_CTX_set_session_id_context) \
	F(SSL_CTX_set_verify) \
	F(SSL_CTX_use_PrivateKey_file) \
	F(SSL_CTX_use_certificate_chain_file) \
	F(SSL_SESSION_free) \
	F(SSL_ctrl) \
	F(SSL_do_handshake) \
	F(SSL_free) \
	F(SSL_get0_param) \
	F(SSL_get_SSL_CTX) \
	F(SSL_get_error) \
	F(SSL_get_ex_data) \
	F(SSL_get_ex_data_X509_STORE_CTX_idx) \
	F(SSL_get_verify_result) \
	F(SSL_has_pending) \
	F(SSL_is_server) \
	F(SSL_new) \
	F(SSL_pending) \
	F(SSL_read_ex) \
	F(SSL_session_reused) \
	F(SSL_set1_host) \
	F(SSL_set_accept_state) \
	F(SSL_set_bio) \
	F(SSL_set_connect_state) \
	F(SSL_set_ex_data) \
	F(SSL_set_session) \
	F(SSL_set_shutdown) \
	F(SSL_shutdown) \
	F(SSL_write_ex) \
	F(TLS_client_method) \
	F(TLS_server_method) \
	F(X509_NAME_oneline) \
	F(X509_STORE_CTX_get_current_cert) \
	F(X509_STORE_CTX_get_error_depth) \
	F(X509_STORE_CTX_get_ex_data) \
	F(X509_VERIFY_PARAM_set1_ip) \
	F(X509_VERIFY_PARAM_set1_ip_asc) \
	F(X509_VERIFY_PARAM_set_flags) \
	F(X509_get0_notAfter) \
	F(X509_get_issuer_name) \
	F(X509_verify_cert_error_string)

struct tlslib { TLSLIB_FUNCTIONS(DYNLIB_MEMBER) };

/* Dies where it is not installed. */
const struct tlslib *tlslib(void);

#define ASN1_TIME_diff				(tlslib()->ASN1_TIME_diff)
#define BIO_clear_flags				(tlslib()->BIO_clear_flags)
#define BIO_get_data				(tlslib()->BIO_get_data)
#define BIO_meth_free				(tlslib()->BIO_meth_free)
#define BIO_meth_new				(tlslib()->BIO_meth_new)
#define BIO_meth_set_ctrl			(tlslib()->BIO_meth_set_ctrl)
#define BIO_meth_set_read			(tlslib()->BIO_meth_set_read)
#define BIO_meth_set_write			(tlslib()->BIO_meth_set_write)
#define BIO_new					(tlslib()->BIO_new)
#define BIO_set_data				(tlslib()->BIO_set_data)
#define BIO_set_flags				(tlslib()->BIO_set_flags)
#define BIO_set_init				(tlslib()->BIO_set_init)
#define ERR_clear_error				(tlslib()->ERR_clear_error)
#define ERR_peek_error				(tlslib()->ERR_peek_error)
#define ERR_reason_error_string			(tlslib()->ERR_reason_error_string)
#define EVP_CIPHER_CTX_ctrl			(tlslib()->EVP_CIPHER_CTX_ctrl)
#define EVP_CIPHER_CTX_free			(tlslib()->EVP_CIPHER_CTX_free)
#define EVP_CIPHER_CTX_new			(tlslib()->EVP_CIPHER_CTX_new)
#define EVP_DigestFinal_ex			(tlslib()->EVP_DigestFinal_ex)
#define EVP_DigestInit_ex			(tlslib()->EVP_DigestInit_ex)
#define EVP_DigestUpdate			(tlslib()->EVP_DigestUpdate)
#define EVP_EncryptFinal_ex			(tlslib()->EVP_EncryptFinal_ex)
#define EVP_EncryptInit_ex			(tlslib()->EVP_EncryptInit_ex)
#define EVP_EncryptUpdate			(tlslib()->EVP_EncryptUpdate)
#define EVP_MD_CTX_free				(tlslib()->EVP_MD_CTX_free)
#define EVP_MD_CTX_new				(tlslib()->EVP_MD_CTX_new)
#define EVP_PBE_scrypt				(tlslib()->EVP_PBE_scrypt)
#define EVP_aes_128_gcm				(tlslib()->EVP_aes_128_gcm)
#define EVP_md5					(tlslib()->EVP_md5)
#define EVP_sha1				(tlslib()->EVP_sha1)
#define EVP_sha256				(tlslib()->EVP_sha256)
#define HMAC					(tlslib()->HMAC)
#define OPENSSL_init_ssl			(tlslib()->OPENSSL_init_ssl)
#define SHA256					(tlslib()->SHA256)
#define SSL_CTX_check_private_key		(tlslib()->SSL_CTX_check_private_key)
#define SSL_CTX_ctrl				(tlslib()->SSL_CTX_ctrl)
#define SSL_CTX_free				(tlslib()->SSL_CTX_free)
#define SSL_CTX_get0_param			(tlslib()->SSL_CTX_get0_param)
#define SSL_CTX_get_ex_data			(tlslib()->SSL_CTX_get_ex_data)
#define SSL_CTX_load_verify_locations		(tlslib()->SSL_CTX_load_verify_locations)
#define SSL_CTX_new				(tlslib()->SSL_CTX_new)
#define SSL_CTX_sess_set_new_cb			(tlslib()->SSL_CTX_sess_set_new_cb)
#define SSL_CTX_set_cipher_list			(tlslib()->SSL_CTX_set_cipher_list)
#define SSL_CTX_set_ciphersuites		(tlslib()->SSL_CTX_set_ciphersuites)
#define SSL_CTX_set_default_passwd_cb		(tlslib()->SSL_CTX_set_default_passwd_cb)
#define SSL_CTX_set_default_verify_paths	(tlslib()->SSL_CTX_set_default_verify_paths)
#define SSL_CTX_set_ex_data			(tlslib()->SSL_CTX_set_ex_data)
#define SSL_CTX_set_num_tickets			(tlslib()->SSL_CTX_set_num_tickets)
#define SSL_CTX_set_options			(tlslib()->SSL_CTX_set_options)
#define SSL_CTX_set_session_id_context		(tlslib()->SSL_CTX_set_session_id_context)
#define SSL_CTX_set_verify			(tlslib()->SSL_CTX_set_verify)
#define SSL_CTX_use_PrivateKey_file		(tlslib()->SSL_CTX_use_PrivateKey_file)
#define SSL_CTX_use_certificate_chain_file	(tlslib()->SSL_CTX_use_certificate_chain_file)
#define SSL_SESSION_free			(tlslib()->SSL_SESSION_free)
#define SSL_ctrl				(tlslib()->SSL_ctrl)
#define SSL_do_handshake			(tlslib()->SSL_do_handshake)
#define SSL_free				(tlslib()->SSL_free)
#define SSL_get0_param				(tlslib()->SSL_get0_param)
#define SSL_get_SSL_CTX				(tlslib()->SSL_get_SSL_CTX)
#define SSL_get_error				(tlslib()->SSL_get_error)
#define SSL_get_ex_data				(tlslib()->SSL_get_ex_data)
#define SSL_get_ex_data_X509_STORE_CTX_idx	(tlslib()->SSL_get_ex_data_X509_STORE_CTX_idx)
#define SSL_get_verify_result			(tlslib()->SSL_get_verify_result)
#define SSL_has_pending				(tlslib()->SSL_has_pending)
#define SSL_is_server				(tlslib()->SSL_is_server)
#define SSL_new					(tlslib()->SSL_new)
#define SSL_pending				(tlslib()->SSL_pending)
#define SSL_read_ex				(tlslib()->SSL_read_ex)
#define SSL_session_reused			(tlslib()->SSL_session_reused)
#define SSL_set1_host				(tlslib()->SSL_set1_host)
#define SSL_set_accept_state			(tlslib()->SSL_set_accept_state)
#define SSL_set_bio				(tlslib()->SSL_set_bio)
#define SSL_set_connect_state			(tlslib()->SSL_set_connect_state)
#define SSL_set_ex_data				(tlslib()->SSL_set_ex_data)
#define SSL_set_session				(tlslib()->SSL_set_session)
#define SSL_set_shutdown			(tlslib()->SSL_set_shutdown)
#define SSL_shutdown				(tlslib()->SSL_shutdown)
#define SSL_write_ex				(tlslib()->SSL_write_ex)
#define TLS_client_method			(tlslib()->TLS_client_method)
#define TLS_server_method			(tlslib()->TLS_server_method)
#define X509_NAME_oneline			(tlslib()->X509_NAME_oneline)
#define X509_STORE_CTX_get_current_cert		(tlslib()->X509_STORE_CTX_get_current_cert)
#define X509_STORE_CTX_get_error_depth		(tlslib()->X509_STORE_CTX_get_error_depth)
#define X509_STORE_CTX_get_ex_data		(tlslib()->X509_STORE_CTX_get_ex_data)
#define X509_VERIFY_PARAM_set1_ip		(tlslib()->X509_VERIFY_PARAM_set1_ip)
#define X509_VERIFY_PARAM_set1_ip_asc		(tlslib()->X509_VERIFY_PARAM_set1_ip_asc)
#define X509_VERIFY_PARAM_set_flags		(tlslib()->X509_VERIFY_PARAM_set_flags)
#define X509_get0_notAfter			(tlslib()->X509_get0_notAfter)
#define X509_get_issuer_name			(tlslib()->X509_get_issuer_name)
#define X509_verify_cert_error_string		(tlslib()->X509_verify_cert_error_string)

#endif
