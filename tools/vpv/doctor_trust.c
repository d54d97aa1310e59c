// SPDX-License-Identifier: GPL-2.0-only
/* Will the kernel load the modules? Secure Boot, lockdown, signatures, keys, taint. */
#include <stdlib.h>
#include <string.h>

#include "vpv.h"

#define MOK "/var/lib/dkms/mok.pub"

/* The fifth byte of the variable, after four of attributes. */
static bool secure_boot(void)
{
	autofree char *path = sys_path("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	FILE *file = fopen(path, "re");
	unsigned char data[5] = { 0 };
	bool on = file && fread(data, 1, 5, file) == 5 && data[4] == 1;

	if (file)
		fclose(file);
	return on;
}

/* "none [integrity] confidentiality"; NULL when the kernel has no lockdown */
static char *lockdown(void)
{
	autofree char *text = sys_read("/sys/kernel/security/lockdown");
	char *open = text ? strchr(text, '[') : NULL;

	return open ? strndup(open + 1, strcspn(open + 1, "]")) : NULL;
}

static bool must_be_signed(const char *mode)
{
	autofree char *enforce = sys_read("/sys/module/module/parameters/sig_enforce");

	return (mode && strcmp(mode, "none")) || (enforce && *enforce == 'Y');
}

/* DKMS makes a key and signs with it when there is openssl. */
static void not_signed(json_t *list, bool needed)
{
	autofree char *version = dkms_version(), *mend = NULL;

	if (!needed) {
		finding(list, H_INFO, "signature", "the modules are not signed; this kernel loads them all the same",
			NULL);
		return;
	}
	if (version)
		mend = format("apt-get install openssl && dkms build --force virtio-pv/%s && "
			      "dkms install --force virtio-pv/%s && mokutil --import " MOK, version, version);
	finding(list, H_BAD, "signature", "the modules are not signed, and this kernel loads signed ones only",
		mend ? mend : "sign them with a key the machine trusts; DKMS does: apt-get install virtio-pv-dkms");
}

bool signed_modules_only(void)
{
	autofree char *mode = lockdown();

	return must_be_signed(mode);
}

static void signature(json_t *list, bool needed)
{
	autofree char *signer = NULL, *text = NULL, *said = NULL;
	int err = run(&signer, "modinfo", "-F", "signer", "virtio_pv", NULL);

	if (err) {
		finding(list, H_INFO, "signature", "no module to look at", NULL);
		return;
	}
	if (!signer || !*signer) {
		not_signed(list, needed);
		return;
	}
	text = format("the modules are signed by %s", signer);
	finding(list, H_OK, "signature", text, NULL);
	if (!needed || !sys_exists(MOK))
		return;
	/* mokutil: "... is already enrolled" */
	err = run(&said, "mokutil", "--test-key", MOK, NULL);
	if (said && strstr(said, "already enrolled"))
		finding(list, H_OK, "key", "the machine trusts " MOK, NULL);
	else
		finding(list, err < 0 ? H_WARN : H_BAD, "key", err < 0 ? "mokutil is missing, so the key cannot be checked" :
			"the machine does not trust " MOK ": the modules will be rejected",
			err < 0 ? "apt-get install mokutil" :
			"mokutil --import " MOK "; then restart and enrol it in the blue screen that asks for the password");
}

static void taint(json_t *list)
{
	long long flags = sys_number(0, "/proc/sys/kernel/tainted");

	if (flags & (1 << 12 | 1 << 13))
		finding(list, H_INFO, "taint", flags & 1 << 13 ?
			"out-of-tree (O) and unsigned (E) modules were loaded; reproduce without them before reporting to the kernel" :
			"out-of-tree modules (O) were loaded; reproduce without them before reporting to the kernel", NULL);
	else
		finding(list, H_OK, "taint", "no out-of-tree module was loaded", NULL);
	if (flags & (1 << 7 | 1 << 9 | 1 << 4))
		finding(list, H_WARN, "oops", "the kernel has warned or oopsed since its start", "dmesg");
}

void doctor_trust(json_t *list)
{
	autofree char *mode = lockdown(), *text = NULL;
	bool needed = must_be_signed(mode);

	text = format("Secure Boot is %s, lockdown is %s: modules %s be signed",
		      secure_boot() ? "on" : "off", mode ? mode : "not there", needed ? "have to" : "need not");
	finding(list, H_OK, "lockdown", text, NULL);
	signature(list, needed);
	taint(list);
}
