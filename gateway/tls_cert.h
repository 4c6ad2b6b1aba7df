/* A self-signed certificate for --tls without files. */
#ifndef GATEWAY_TLS_CERT_H
#define GATEWAY_TLS_CERT_H

#include <stdbool.h>

/* Makes a key and a certificate for localhost, 127.0.0.1 and ::1, valid for a year, that a client
 * can also trust as a CA. Both PEM texts belong to the caller. False when OpenSSL fails. */
bool tls_cert_make(char **cert_pem, char **key_pem);

#endif
