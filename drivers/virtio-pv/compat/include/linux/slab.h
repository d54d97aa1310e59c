/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VPV_COMPAT_LINUX_SLAB_H
#define VPV_COMPAT_LINUX_SLAB_H

#include_next <linux/slab.h>
#include <vpv_compat.h>

#ifndef HAVE_KMALLOC_OBJ
#include <linux/overflow.h>

/*
 * The size comes from a type or a variable. The flags, optional on new kernels,
 * are required here: a driver that leaves them out fails to build on old ones.
 */
#define kmalloc_obj(_what, _gfp) \
	((typeof(_what) *)kmalloc(sizeof(typeof(_what)), _gfp))
#define kzalloc_obj(_what, _gfp) kmalloc_obj(_what, (_gfp) | __GFP_ZERO)

#define kmalloc_objs(_what, _count, _gfp) \
	((typeof(_what) *)kmalloc_array(_count, sizeof(typeof(_what)), _gfp))
#define kzalloc_objs(_what, _count, _gfp) \
	kmalloc_objs(_what, _count, (_gfp) | __GFP_ZERO)

#define kmalloc_flex(_what, _member, _count, _gfp) \
	((typeof(_what) *)kmalloc(struct_size((typeof(_what) *)NULL, _member, \
					      _count), _gfp))
#define kzalloc_flex(_what, _member, _count, _gfp) \
	kmalloc_flex(_what, _member, _count, (_gfp) | __GFP_ZERO)

#define kvzalloc_obj(_what, _gfp) \
	((typeof(_what) *)kvzalloc(sizeof(typeof(_what)), _gfp))
#define kvzalloc_objs(_what, _count, _gfp) \
	((typeof(_what) *)kvcalloc(_count, sizeof(typeof(_what)), _gfp))
#endif

#endif /* VPV_COMPAT_LINUX_SLAB_H */
