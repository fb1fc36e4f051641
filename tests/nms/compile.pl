# SPDX-License-Identifier: ISC
# perl compile.pl MODULES SCRATCH NAME... - compiles SRCPORT-MIB below the directory MODULES with
# SNMP::MIB::Compiler, and prints a line "NAME OID" for each name.
use strict;
use warnings;
use SNMP::MIB::Compiler;

my ($modules, $scratch, @names) = @ARGV;
my $mib = SNMP::MIB::Compiler->new();
$mib->add_path($modules);
$mib->add_extension('');
$mib->repository($scratch);
$mib->{make_dump} = $mib->{use_dump} = $mib->{do_imports} = 1;
$mib->{accept_smiv1} = 0;
$mib->compile('SRCPORT-MIB');
print "$_ ", $mib->resolve_oid($_) // 'none', "\n" for @names;
