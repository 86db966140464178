// Package layer puts policies around a [vfs.FS]. Each layer is itself a vfs.FS
// around another one, so that they can be put on top of each other:
//
//   - [ReadOnly] lets nothing be changed;
//   - [Access] gives an account rights by folder, and refuses or hides names;
//   - [Quota] keeps bytes and files within a [Budget] that many views may share;
//   - [Mount] makes one tree of several;
//   - [Throttle] keeps transfers to a rate;
//   - [Observe] tells of every finished operation.
//
// A layer has a method of its own for each one of the interface and never embeds
// what it is around: a method that is added to vfs.FS then breaks the build
// rather than slip past a policy. Close of a layer closes what it is around; who
// puts several views around one storage closes the storage and not the views.
//
// # Order
//
// From the inside out: the storage, Quota, Mount, Access, Throttle, Observe. A Quota
// sees best without an Access between it and the storage; around a Mount it works
// too, where several trees have one budget, but then it takes all of them to write
// in place if one does, and lets no directory be renamed while a Rename copies a
// file from one mount to another. Observe on the outside sees what was refused too.
//
// # Symbolic links
//
// The layers judge the path as it was asked for; the storage follows links, within
// its own tree and never out of it. So a link that is in the storage already
// reaches whatever it points to in the same tree, with the rights of the folder
// that the link is in: who puts links there gives those rights. A relative link that
// is moved, alone or with its directory, points elsewhere: where an account has other
// rights in other folders, Access lets it rename no link, and lets a directory that
// holds one get another name but no other place. It looks before it renames: several
// sessions that rename at the same time could slip through between, so let an account
// that is not trusted rename no directories (AllowRenameDir) where there are links.
//
// What an account may do must not grow by links of its own making. So Access makes
// links only where the whole tree has the same rights, and Quota makes none at all.
// One that is there counts as a name without bytes, whatever it leads to, and nothing
// else is given back when it goes. With a Mount, a link stays within its
// storage.
package layer
